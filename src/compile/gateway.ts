import type { Finding } from "../finding/finding.ts";
import type { SecretKey } from "../ir/tls.ts";
import type { Resource } from "../resource/kinds.ts";
import { insecureFallback } from "./client-validation.ts";
import { conditionOf } from "./conditions.ts";
import type { CompileContext, GatewayContext } from "./contract.ts";
import type { ClassAnswer } from "./gateway-class.ts";
import { explainGrant } from "./grant.ts";
import { draftListeners, gatewayGroup, isAccepted, type ListenerDraft } from "./listener.ts";
import { markConflicts, markOverlaps } from "./listener-conflict.ts";
import { compileListenerFilters } from "./listener-filters.ts";
import { type ListenerSet, setsOf } from "./listener-set.ts";
import { compileListenerTls } from "./listener-tls.ts";
import { report } from "./report.ts";

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
  /** Not accepted: nothing of it is served. */
  readonly accepted: boolean;
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
  const findings: Finding[] = [
    ...classAnswer.findings,
    ...checkParameters(context, gateway),
    ...checkAddresses(gateway),
  ];
  const insecure = insecureFallback(gateway);
  if (insecure) findings.push(insecure);
  const client = resolveClientCertificate(context, gateway);
  findings.push(...client.findings);

  const sets = setsOf(context, gateway);
  const drafts = [gateway, ...sets.filter(({ allowed }) => allowed).map(({ set }) => set)].flatMap((owner) =>
    draftListeners(context, owner),
  );
  const listeners = markOverlaps(markConflicts(drafts, { mixedTls: mixedTls(context) })).map((draft) =>
    compileListenerFilters(context, client.context, compileListenerTls(context, gateway, draft)),
  );
  const own = listeners.filter(({ owner }) => owner === gateway);
  if (!own.some(isAccepted) && !blocked(findings)) findings.push(noListener("gateway-no-usable-listener", gateway));
  const accepted = !blocked(findings);

  return {
    resource: gateway,
    key: `${gateway.metadata.namespace}/${gateway.metadata.name}`,
    accepted,
    context: client.context,
    listeners: own,
    findings,
    sets: sets.map(({ set, allowed, findings: setFindings }) => {
      const ofSet = listeners.filter(({ owner }) => owner === set);
      const all = [...setFindings];
      if (allowed && !accepted) all.push(parentNotAccepted(set, gateway));
      else if (allowed && !ofSet.some(isAccepted)) all.push(noListener("listener-set-no-usable-listener", set));
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
      fix: "Correct the listeners; each has a finding of its own.",
    },
  );
}

function parentNotAccepted(set: ListenerSet, gateway: Resource<"Gateway">): Finding {
  return report(
    "listener-set-parent-not-accepted",
    { resource: set, pointer: "/spec/parentRef" },
    {
      message: `Gateway ${gateway.metadata.namespace}/${gateway.metadata.name} is not accepted, so this ListenerSet is not served.`,
      fix: "Correct the Gateway; it has a finding of its own.",
    },
  );
}

/** Sluice has no parameters of its own: a ConfigMap that exists does no harm, everything else cannot be read. */
function checkParameters(context: CompileContext, gateway: Resource<"Gateway">): Finding[] {
  const ref = gateway.spec.infrastructure?.parametersRef;
  if (!ref) return [];
  const at = { resource: gateway, pointer: "/spec/infrastructure/parametersRef" };
  const { namespace, name } = gateway.metadata;
  const configMap = ref.group === "" && ref.kind === "ConfigMap";
  const found = configMap && context.snapshot.get("ConfigMap", namespace, ref.name) !== undefined;
  const foreign =
    context.options.adoptClasses &&
    context.snapshot.get("GatewayClass", undefined, gateway.spec.gatewayClassName)?.spec.controllerName !==
      context.options.controllerName;
  if (found || foreign) {
    return [
      report("parameters-ignored", at, {
        message: `Parameters of Gateway ${namespace}/${name} (${ref.kind} ${ref.name}) are not read.`,
        fix: "Nothing; remove infrastructure.parametersRef when only Sluice serves the Gateway.",
      }),
    ];
  }
  const reason = configMap
    ? `it does not exist in namespace ${namespace}`
    : `a ${ref.kind}${ref.group === "" ? "" : ` of group ${ref.group}`} is not something that Sluice reads`;
  return [
    report("gateway-parameters-invalid", at, {
      message: `Parameters of Gateway ${namespace}/${name} (${ref.kind} ${ref.name}) cannot be used: ${reason}.`,
      fix: "Remove infrastructure.parametersRef; Sluice needs no parameters.",
    }),
  ];
}

/** An address without a value asks for any; whether one with a value can be bound, the data plane finds out. */
function checkAddresses(gateway: Resource<"Gateway">): Finding[] {
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
    if (!address.routability) return [];
    return report(
      "gateway-address-routability-ignored",
      { resource: gateway, pointer: `${pointer}/routability` },
      {
        message: `Routability ${address.routability} of address ${address.value ?? index} is not honoured.`,
        fix: "Remove routability, and see to it in the network.",
      },
    );
  });
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
  const invalid = (reason: string): Finding =>
    report("client-certificate-invalid", at, {
      message: `The client certificate for backends cannot be used. ${reason}`,
      fix: `Create it with: kubectl create secret tls ${ref.name} -n ${target} --cert=<chain.pem> --key=<key.pem>`,
    });
  if (ref.group !== "" || ref.kind !== "Secret") {
    return answer(undefined, [invalid(`${ref.kind} ${ref.name} is not a Secret.`)]);
  }
  const grant = explainGrant(
    context.snapshot,
    { group: gatewayGroup, kind: "Gateway", namespace },
    { group: "", kind: "Secret", namespace: target, name: ref.name },
  );
  if (grant.answer !== "granted") {
    const finding = report("client-certificate-not-permitted", at, {
      message: `The Gateway may not use Secret ${target}/${ref.name} as its client certificate: ${grant.detail}.`,
      fix: grant.fix,
      ...(grant.answer === "tooNarrow" ? { related: [grant.grant] } : {}),
    });
    return answer(undefined, [finding]);
  }
  const read = context.secrets.certificate(target, ref.name);
  return "problem" in read ? answer(undefined, [invalid(read.message)]) : answer(read.ref.key, []);
}
