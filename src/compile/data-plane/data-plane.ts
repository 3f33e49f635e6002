import { normalizeAddress } from "../../base/cidr.ts";
import { hashText } from "../../base/hash.ts";
import type { Finding } from "../../finding/finding.ts";
import type { AddressRequest, DataPlane, DataPlaneGateway, DataPlanePort } from "../../infrastructure/data-plane.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { allListeners, type CompiledGateway } from "../gateway/gateway.ts";
import { effectiveConfig, sharedDataPlane } from "../gateway/gateway-config.ts";
import { isServable } from "../listener/listener.ts";
import { compareText } from "../order/by-name.ts";
import { refOf, report } from "../report/report.ts";
import { completeSettings } from "./data-plane-settings.ts";
import { usualNamespace } from "./usual-namespace.ts";

type Spec = Resource<"GatewayConfig">["spec"];

/** Longest name of an object. */
const nameLimit = 253;

export type CompiledDataPlanes = {
  /** Ordered by key. */
  readonly dataPlanes: readonly DataPlane[];
  readonly findings: readonly Finding[];
};

/**
 * What has to run for our Gateways: one data plane for each, or one for all Gateways of a class that name the same shared one.
 * Gateways that are not accepted, or have no listener to open, ask for nothing and keep what they have.
 */
export function compileDataPlanes(context: CompileContext, gateways: readonly CompiledGateway[]): CompiledDataPlanes {
  const planes = new Map<string, DataPlane>();
  const findings: Finding[] = [];
  for (const gateway of gateways) {
    const plane = planeOf(context, gateway);
    if (plane.mode === "shared") findings.push(...checkShared(gateway));
    const known = planes.get(plane.key);
    planes.set(plane.key, known === undefined ? plane : joined(known, plane));
  }
  return { dataPlanes: [...planes.values()].sort((a, b) => compareText(a.key, b.key)), findings };
}

function planeOf(context: CompileContext, gateway: CompiledGateway): DataPlane {
  const { metadata, spec } = gateway.resource;
  const className = spec.gatewayClassName;
  const shared = sharedDataPlane(gateway.parameters);
  const settings = completeSettings(effectiveConfig(gateway.parameters));
  const asks = dataPlaneGateway(gateway);
  // What is being deleted with its Gateway must not be made again.
  const isGoing = metadata.deletionTimestamp !== undefined;
  const state = gateway.accepted && !isGoing && asks.ports.length > 0 ? "wanted" : "kept";
  if (shared === undefined) {
    return {
      key: gateway.key,
      mode: "own",
      state,
      namespace: metadata.namespace,
      name: metadata.name,
      title: { name: metadata.name, className },
      gateways: [asks],
      settings,
    };
  }
  const namespace = context.options.controllerNamespace ?? usualNamespace;
  const name = sharedName(className, shared);
  return {
    key: `${namespace}/${name}`,
    mode: "shared",
    state,
    namespace,
    name,
    title: { name: shared, className },
    gateways: [asks],
    settings,
  };
}

/** No Gateway can have such a name: its parts, between dots, are never empty. */
function sharedName(className: string, name: string): string {
  const whole = `shared..${className}..${name}`;
  return whole.length <= nameLimit ? whole : `shared..${hashText(className)}..${name}`;
}

function joined(known: DataPlane, more: DataPlane): DataPlane {
  return {
    ...known,
    state: known.state === "wanted" || more.state === "wanted" ? "wanted" : "kept",
    gateways: [...known.gateways, ...more.gateways].sort((a, b) => compareText(a.key, b.key)),
  };
}

function dataPlaneGateway(gateway: CompiledGateway): DataPlaneGateway {
  const { metadata, spec } = gateway.resource;
  const { infrastructure } = spec;
  return {
    key: gateway.key,
    object: refOf(gateway.resource),
    namespace: metadata.namespace,
    name: metadata.name,
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    className: spec.gatewayClassName,
    labels: infrastructure?.labels ?? {},
    annotations: infrastructure?.annotations ?? {},
    ports: portsOf(gateway),
    addresses: (spec.addresses ?? []).map(requestOf),
  };
}

function portsOf(gateway: CompiledGateway): readonly DataPlanePort[] {
  const ports = new Map<string, DataPlanePort>();
  for (const draft of allListeners(gateway)) {
    if (!isServable(draft)) continue;
    const protocol = draft.protocol === "UDP" ? "UDP" : "TCP";
    ports.set(`${draft.spec.port}/${protocol}`, { port: draft.spec.port, protocol });
  }
  return [...ports.values()].sort((a, b) => a.port - b.port || compareText(a.protocol, b.protocol));
}

type Address = NonNullable<Resource<"Gateway">["spec"]["addresses"]>[number];

function requestOf({ value, routability = "" }: Address): AddressRequest {
  if (value === undefined || value === "") return { routability };
  return { value: normalizeAddress(value) ?? value, routability };
}

/** Fields of a Gateway's own GatewayConfig that mean something where the data plane is shared. */
const meantForShared: readonly string[] = ["plane", "dataPlane"] satisfies readonly (keyof Spec)[];

function checkShared(gateway: CompiledGateway): Finding[] {
  const { resource, parameters } = gateway;
  const { infrastructure } = resource.spec;
  const ignored = [
    ...Object.keys(parameters.ownConfig).filter((field) => !meantForShared.includes(field)),
    ...(["labels", "annotations"] as const)
      .filter((field) => Object.keys(infrastructure?.[field] ?? {}).length > 0)
      .map((field) => `infrastructure.${field}`),
  ];
  if (ignored.length === 0) return [];
  return [
    report(
      "shared-data-plane-settings-ignored",
      { resource, pointer: "/spec/infrastructure" },
      {
        message: `Gateway ${gateway.key} shares its data plane, so its own ${ignored.join(", ")} ${ignored.length === 1 ? "is" : "are"} ignored.`,
        fix: "Set it in the GatewayConfig of the class, or give the Gateway a data plane of its own (dataPlane: {mode: Own}).",
      },
    ),
  ];
}
