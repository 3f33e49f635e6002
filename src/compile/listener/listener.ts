import type { Finding } from "../../finding/finding.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { PlacedFilter } from "../../ir/filter.ts";
import type { ListenerSettings } from "../../ir/listener-settings.ts";
import type { ListenerKey } from "../../ir/routing-model.ts";
import type { ListenerTls } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { RouteGroupKind } from "../../status/condition.ts";
import type { CompileContext, RouteKind } from "../contract.ts";
import { isAddress } from "../hostname-patterns.ts";
import { conditionOf } from "../report/conditions.ts";
import { type FindingText, report } from "../report/report.ts";

/** What listeners are written in. */
export type ListenerOwner = Resource<"Gateway"> | Resource<"ListenerSet">;
export type ListenerSpec = Resource<"Gateway">["spec"]["listeners"][number];
export type Protocol = CompileContext["options"]["supportedProtocols"][number];

/** A listener on its way through the steps: what the user wrote, and what the steps so far have concluded. */
export type ListenerDraft = {
  readonly key: ListenerKey;
  readonly owner: ListenerOwner;
  /** JSON pointer of the listener in its owner. */
  readonly pointer: string;
  readonly spec: ListenerSpec;
  /** `undefined` when the protocol is not one that is served. */
  readonly protocol: Protocol | undefined;
  /** Lower case; `""` is any. */
  readonly hostname: string;
  /** Kinds of route that may attach; also the status's supportedKinds. */
  readonly routeKinds: readonly RouteGroupKind[];
  readonly settings: ListenerSettings;
  /** Set once the certificates have been read. */
  readonly tls?: ListenerTls;
  readonly filters: readonly PlacedFilter[];
  /** Clusters that the filters name. */
  readonly clusters: ReadonlyMap<ClusterKey, Cluster>;
  readonly findings: readonly Finding[];
};

export const gatewayGroup = "gateway.networking.k8s.io";

/** A TLS listener that ends TLS also takes TCPRoutes: what is inside is a stream of bytes. */
const kindsByProtocol = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  HTTPS: ["HTTPRoute", "GRPCRoute"],
  TLS: ["TLSRoute"],
  TCP: ["TCPRoute"],
  UDP: ["UDPRoute"],
} as const satisfies Record<Protocol, readonly RouteKind[]>;

/** The listeners of one object as drafts, with what can be said about each by itself: protocol, TLS mode, kinds of route. */
export function draftListeners(context: CompileContext, owner: ListenerOwner): ListenerDraft[] {
  return owner.spec.listeners.map((spec, index) => {
    const pointer = `/spec/listeners/${index}`;
    const findings: Finding[] = [];
    const add = (name: Parameters<typeof report>[0], field: string, text: FindingText): void => {
      findings.push(report(name, { resource: owner, pointer: `${pointer}${field}` }, text));
    };
    const protocol = readProtocol(context, spec, add);
    checkSelector(spec, add);
    checkHostname(spec, add);
    return {
      key: `${owner.kind}/${owner.metadata.namespace}/${owner.metadata.name}/${spec.name}`,
      owner,
      pointer,
      spec,
      protocol,
      hostname: protocol === "TCP" || protocol === "UDP" ? "" : (spec.hostname ?? "").toLowerCase(),
      routeKinds: readRouteKinds(spec, protocol, add),
      settings: context.options.listenerSettings,
      filters: [],
      clusters: new Map(),
      findings,
    };
  });
}

/** `listener "web" of Gateway infra/main`, as messages say it. */
export function listenerName(draft: ListenerDraft): string {
  const { kind, metadata } = draft.owner;
  return `listener "${draft.spec.name}" of ${kind} ${metadata.namespace}/${metadata.name}`;
}

/** False when a finding keeps the listener from being accepted. Unresolved references alone do not. */
export function isAccepted(draft: ListenerDraft): boolean {
  return !draft.findings.some((finding) => {
    const condition = conditionOf(finding);
    return (
      (condition?.type === "Accepted" && condition.status === "False") ||
      (condition?.type === "Conflicted" && condition.status === "True")
    );
  });
}

/** True when the listener can be opened: accepted, something may attach, and TLS has what it needs. */
export function isServable(draft: ListenerDraft): boolean {
  if (!isAccepted(draft) || draft.protocol === undefined) return false;
  if (draft.routeKinds.length === 0) return false;
  if (draft.protocol !== "HTTPS" && draft.protocol !== "TLS") return true;
  return draft.tls?.mode === "passthrough" || (draft.tls?.certificates.length ?? 0) > 0;
}

type Add = (name: Parameters<typeof report>[0], field: string, text: FindingText) => void;

function readProtocol(context: CompileContext, spec: ListenerSpec, add: Add): Protocol | undefined {
  const { supportedProtocols, supportedFeatures } = context.options;
  const protocol = supportedProtocols.find((supported) => supported === spec.protocol);
  if (!protocol) {
    const upper = supportedProtocols.find((supported) => supported === spec.protocol.toUpperCase());
    add("listener-protocol-unsupported", "/protocol", {
      message: `Protocol ${spec.protocol} of listener "${spec.name}" is not supported; supported are ${supportedProtocols.join(", ")}.`,
      fix: upper ? `Write protocol: ${upper}.` : `Set protocol to one of ${supportedProtocols.join(", ")}.`,
    });
    return undefined;
  }
  const terminates = protocol === "TLS" && spec.tls?.mode !== "Passthrough";
  if (terminates && !supportedFeatures.includes("TLSRouteModeTerminate")) {
    add("listener-value-unsupported", "/tls/mode", {
      message: `Listener "${spec.name}" terminates TLS for TLSRoutes, which is not supported.`,
      fix: "Write tls.mode: Passthrough to pass TLS through, or protocol: HTTPS to terminate it for HTTPRoutes.",
    });
  }
  if (spec.filters?.requests?.length && protocol !== "HTTP" && protocol !== "HTTPS") {
    add("listener-value-unsupported", "/filters", {
      message: `Listener "${spec.name}" has filters, but a ${protocol} listener has no HTTP requests to run them on.`,
      fix: "Remove filters, or write protocol: HTTP or HTTPS.",
    });
  }
  return protocol;
}

function checkHostname(spec: ListenerSpec, add: Add): void {
  if (!isAddress(spec.hostname ?? "")) return;
  add("listener-value-unsupported", "/hostname", {
    message: `Hostname ${spec.hostname} of listener "${spec.name}" is an IP address; only DNS names are allowed.`,
    fix: "Remove hostname, and set the address in spec.addresses if only that one should be served.",
  });
}

function checkSelector(spec: ListenerSpec, add: Add): void {
  const { from, selector } = spec.allowedRoutes.namespaces;
  if (from !== "Selector" || selector) return;
  add("listener-selector-missing", "/allowedRoutes/namespaces/from", {
    message: `Listener "${spec.name}" allows namespaces by selector but has no selector, so no route can attach.`,
    fix: "Add selector: {matchLabels: {<label>: <value>}}, or write from: All or from: Same.",
  });
}

function readRouteKinds(spec: ListenerSpec, protocol: Protocol | undefined, add: Add): readonly RouteGroupKind[] {
  if (protocol === undefined) return [];
  const endsTls = protocol === "TLS" && spec.tls?.mode !== "Passthrough";
  const possible: readonly string[] = [...kindsByProtocol[protocol], ...(endsTls ? kindsByProtocol.TCP : [])];
  const asked = spec.allowedRoutes.kinds ?? [];
  if (asked.length === 0) return possible.map((kind) => ({ group: gatewayGroup, kind }));
  const valid = asked.filter(({ group, kind }) => group === gatewayGroup && possible.includes(kind));
  asked.forEach((entry, index) => {
    if (valid.includes(entry)) return;
    const name = entry.group === gatewayGroup ? entry.kind : `${entry.kind} (group "${entry.group}")`;
    add("listener-route-kinds-invalid", `/allowedRoutes/kinds/${index}`, {
      message: `Listener "${spec.name}" allows ${name}, but a ${protocol} listener${protocol === "TLS" && !endsTls ? " that passes TLS through" : ""} can serve only ${possible.join(" and ")}.`,
      fix:
        possible.includes(entry.kind) && entry.group !== gatewayGroup
          ? `Remove group, or write group: ${gatewayGroup}.`
          : `Remove it, or allow ${possible.join(" or ")}.`,
    });
  });
  return valid.map(({ group, kind }) => ({ group, kind }));
}
