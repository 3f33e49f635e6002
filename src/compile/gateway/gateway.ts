import type { Finding } from "../../finding/finding.ts";
import { routabilities } from "../../infrastructure/data-plane.ts";
import type { SecretKey } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext, GatewayContext } from "../contract.ts";
import { findKeepPathsMistakes } from "../listener/keep-paths.ts";
import { draftListeners, gatewayGroup, isAccepted, isServable, type ListenerDraft } from "../listener/listener.ts";
import { markConflicts, markOverlaps } from "../listener/listener-conflict.ts";
import { type ListenerSet, setsOf } from "../listener/listener-set.ts";
import { explainGrant } from "../reference/grant.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { conditionOf } from "../report/conditions.ts";
import { report } from "../report/report.ts";
import { insecureFallback } from "../tls/client-validation.ts";
import { describeLastGood } from "../tls/last-good.ts";
import { compileListenerTls } from "../tls/listener-tls.ts";
import type { ClassAnswer } from "./gateway-class.ts";
import { effectiveConfig, type GatewayParameters } from "./gateway-config.ts";
import { compileListenerFilters } from "./listener-filters.ts";
import { listenerSettings } from "./listener-settings.ts";
import { type Parameters, readParameters } from "./parameters.ts";

/** A ListenerSet and what came of it. `attached` is what attachedListenerSets counts. */
export type CompiledSet = {
  readonly resource: ListenerSet;
  readonly attached: boolean;
  readonly listeners: readonly ListenerDraft[];
  readonly findings: readonly Finding[];
};

/** A Gateway of ours with its own listeners and those of its ListenerSets. */
export type CompiledGateway = {
  readonly resource: Resource<"Gateway">;
  readonly key: string;
  readonly accepted: boolean;
  /** Its listeners are to be served: it is accepted, or only a GatewayConfig keeps it from that and what runs goes on. */
  readonly served: boolean;
  /** GatewayConfigs that apply. */
  readonly parameters: GatewayParameters;
  readonly context: GatewayContext;
  /** The Gateway's own. */
  readonly listeners: readonly ListenerDraft[];
  readonly sets: readonly CompiledSet[];
  /** About the Gateway itself, not about its listeners. */
  readonly findings: readonly Finding[];
};

/** Compiles what a Gateway is without its routes: validity, listeners, ListenerSets, certificates. Spec: Gateway. */
export function compileGateway(
  context: CompileContext,
  gateway: Resource<"Gateway">,
  classAnswer: ClassAnswer,
): CompiledGateway {
  const parameters = parametersOf(context, gateway);
  const findings: Finding[] = [...classAnswer.findings, ...parameters.findings, ...checkAddresses(context, gateway)];
  const insecure = insecureFallback(gateway);
  if (insecure) findings.push(insecure);
  findings.push(...findKeepPathsMistakes(gateway));
  const client = resolveClientCertificate(context, gateway);
  findings.push(...client.findings);

  const sets = setsOf(context, gateway);
  const drafts = [gateway, ...sets.filter(({ allowed }) => allowed).map(({ set }) => set)].flatMap((owner) =>
    draftListeners(context, owner),
  );
  const config = { classConfig: classAnswer.config, ownConfig: parameters.state === "read" ? parameters.spec : {} };
  const effective = effectiveConfig(config);
  const listeners = markOverlaps(markConflicts(drafts, { mixedTls: mixedTls(context) })).map((draft) =>
    compileListenerFilters(context, client.context, {
      ...compileListenerTls(context, gateway, draft),
      settings: listenerSettings(draft, effective),
    }),
  );
  const own = listeners.filter(({ owner }) => owner === gateway);
  if (!own.some(isAccepted) && !blocked(findings)) findings.push(noListener("gateway-no-usable-listener", gateway));
  const accepted = !blocked(findings);
  const slips = [
    ...(classAnswer.onlyParameters ? classAnswer.findings : []),
    ...(parameters.state === "invalid" && parameters.ours ? parameters.findings : []),
  ];

  return {
    resource: gateway,
    key: `${gateway.metadata.namespace}/${gateway.metadata.name}`,
    accepted,
    served: !blocked(findings.filter((finding) => !slips.includes(finding))),
    parameters: config,
    context: client.context,
    listeners: own,
    findings,
    sets: sets.map(({ set, allowed, findings: setFindings }) => {
      const ofSet = listeners.filter(({ owner }) => owner === set);
      const all = [...setFindings, ...findKeepPathsMistakes(set)];
      if (allowed && !accepted) all.push(parentNotAccepted(set, gateway));
      else if (allowed && !ofSet.some((draft) => isServable(draft)))
        all.push(noListener("listener-set-no-usable-listener", set));
      return { resource: set, attached: allowed && !blocked(all), listeners: ofSet, findings: all };
    }),
  };
}

/** All listeners that are to be considered, in order of precedence. */
export function allListeners(gateway: CompiledGateway): readonly ListenerDraft[] {
  return [...gateway.listeners, ...gateway.sets.flatMap(({ listeners }) => listeners)];
}

function mixedTls(context: CompileContext): boolean {
  return context.options.supportedFeatures.includes("TLSRouteModeMixed");
}

function blocked(findings: readonly Finding[]): boolean {
  return findings.some((finding) => {
    const condition = conditionOf(finding);
    return condition?.type === "Accepted" && condition.status !== "True";
  });
}

function noListener(
  name: "gateway-no-usable-listener" | "listener-set-no-usable-listener",
  resource: Resource<"Gateway"> | ListenerSet,
): Finding {
  return report(
    name,
    { resource, pointer: "/spec/listeners" },
    {
      message: `No listener of ${resource.kind} ${resource.metadata.namespace}/${resource.metadata.name} can serve.`,
      fix: "Correct the listeners; each has its own finding.",
    },
  );
}

function parentNotAccepted(set: ListenerSet, gateway: Resource<"Gateway">): Finding {
  return report(
    "listener-set-parent-not-accepted",
    { resource: set, pointer: "/spec/parentRef" },
    {
      message: `Gateway ${gateway.metadata.namespace}/${gateway.metadata.name} is not accepted, so this ListenerSet is not served.`,
      fix: "Correct the Gateway; it has its own finding.",
    },
  );
}

function parametersOf(context: CompileContext, gateway: Resource<"Gateway">): Parameters {
  const gatewayClass = context.snapshot.get("GatewayClass", undefined, gateway.spec.gatewayClassName);
  return readParameters(context, {
    owner: gateway,
    pointer: "/spec/infrastructure/parametersRef",
    ref: gateway.spec.infrastructure?.parametersRef,
    namespace: gateway.metadata.namespace,
    foreign: context.options.adoptClasses && gatewayClass?.spec.controllerName !== context.options.controllerName,
  });
}

/** An address without a value asks for any; whether one with a value can be had, the data plane or the cluster finds out. */
function checkAddresses(context: CompileContext, gateway: Resource<"Gateway">): Finding[] {
  return (gateway.spec.addresses ?? []).flatMap((address, index) => {
    const pointer = `/spec/addresses/${index}`;
    if (address.type !== "IPAddress") {
      return report(
        "gateway-address-unsupported",
        { resource: gateway, pointer: `${pointer}/type` },
        {
          message: `Address ${address.value ?? index} is of type ${address.type}; only IPAddress is supported.`,
          fix: "Write an address of type IPAddress, or remove addresses to use the default.",
        },
      );
    }
    if (!address.routability || isRoutable(context, address.routability)) return [];
    const honoured = context.options.supportedFeatures.includes("GatewayAddressRoutability");
    return report(
      honoured ? "gateway-address-routability-unsupported" : "gateway-address-routability-ignored",
      { resource: gateway, pointer: `${pointer}/routability` },
      honoured
        ? {
            message: `Routability ${address.routability} of address ${address.value ?? index} is not supported, so the Gateway gets no address for this entry.`,
            fix: "Write `routability: Cluster`, or remove routability.",
          }
        : {
            message: `Routability ${address.routability} of address ${address.value ?? index} is ignored.`,
            fix: "Remove routability, and configure it in the network.",
          },
    );
  });
}

/** Whether addresses of this reach can be had here. */
function isRoutable({ options }: CompileContext, routability: string): boolean {
  const features = options.supportedFeatures;
  return (
    (routability === routabilities.cluster && features.includes("GatewayAddressRoutabilityCluster")) ||
    (routability === routabilities.sentinel && features.includes("GatewayAddressRoutability"))
  );
}

function resolveClientCertificate(
  context: CompileContext,
  gateway: Resource<"Gateway">,
): { readonly context: GatewayContext; readonly findings: readonly Finding[] } {
  const { namespace, name } = gateway.metadata;
  const answer = (backendClientCertificate: SecretKey | undefined, findings: readonly Finding[]) => ({
    context: { namespace, name, backendClientCertificate },
    findings,
  });
  const ref = gateway.spec.tls?.backend?.clientCertificateRef;
  if (!ref) return answer(undefined, []);
  const at = { resource: gateway, pointer: "/spec/tls/backend/clientCertificateRef" };
  const target = ref.namespace ?? namespace;
  const create = `Create it with: kubectl create secret tls ${ref.name} -n ${target} --cert=<chain.pem> --key=<key.pem>`;
  const invalid = (reason: string, fix = create): Finding =>
    report("client-certificate-invalid", at, {
      message: `The client certificate for backends cannot be used. ${reason}`,
      fix,
    });
  if (ref.group !== "" || ref.kind !== "Secret") {
    const slip = groupSlip(ref, ["/Secret"]);
    return answer(undefined, [invalid(`${slip?.reason ?? `${ref.kind} ${ref.name} is not a Secret`}.`, slip?.fix)]);
  }
  const grant = explainGrant(
    context.snapshot,
    { group: gatewayGroup, kind: "Gateway", namespace },
    { group: "", kind: "Secret", namespace: target, name: ref.name },
  );
  if (grant.answer !== "granted") {
    const finding = report("client-certificate-not-permitted", at, {
      message: `The Gateway is not permitted to use Secret ${target}/${ref.name} as its client certificate: ${grant.detail}.`,
      fix: grant.fix,
      ...(grant.answer === "tooNarrow" ? { related: [grant.grant] } : {}),
    });
    return answer(undefined, [finding]);
  }
  const read = context.secrets.certificate(target, ref.name);
  if (!("problem" in read)) return answer(read.ref.key, []);
  return answer(read.lastGood?.ref.key, [invalid(`${read.message}${describeLastGood(read)}`)]);
}
