import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import { slicesOf, xbackendEndpoints } from "../backend/endpoints.ts";
import type { BackendKey, CompileContext } from "../contract.ts";
import { byFlag } from "../report/by-flag.ts";
import { report } from "../report/report.ts";

/** Tells of a used Service or XBackend that has no endpoint ready: its requests are answered with 503. */
export function findEmptyBackend(context: CompileContext, backend: BackendKey): readonly Finding[] {
  const [kind, namespace = "", name = ""] = backend.split("/");
  if (kind === "Service") return findEmptyService(context, namespace, name);
  // A Backend lists its endpoints.
  return kind === "XBackend" ? findEmptyXBackend(context, namespace, name) : [];
}

type Service = Resource<"Service">;
type EndpointSlice = Resource<"EndpointSlice">;

function findEmptyService(context: CompileContext, namespace: string, name: string): readonly Finding[] {
  const service = context.snapshot.get("Service", namespace, name);
  if (service === undefined || service.spec.type === "ExternalName") return [];
  const lack = describeLack(context, service, slicesOf(context.snapshot, namespace, name));
  if (lack === undefined) return [];
  const { name: finding, pointer, reason, fix } = lack;
  const message = `The Service has no ready endpoints: ${reason}.`;
  return [report(finding, { resource: service, pointer }, { message, fix })];
}

type Lack = {
  readonly name: "backend-without-endpoints" | "backend-endpoints-unknown";
  readonly pointer: string;
  readonly reason: string;
  readonly fix: string;
};

/** Why a Service has no endpoint to send requests to; `undefined` when it has one. */
function describeLack(
  { options }: CompileContext,
  service: Service,
  slices: readonly EndpointSlice[],
): Lack | undefined {
  const { name } = service.metadata;
  const label = `\`kubernetes.io/service-name: ${name}\``;
  const selects = Object.keys(service.spec.selector ?? {}).length > 0;
  if (slices.length === 0 && selects) {
    // Only worth a note: a cluster makes the slices, and files rarely have them.
    return {
      name: "backend-endpoints-unknown",
      pointer: "/spec/selector",
      reason: "the manifests contain no EndpointSlice for it; a cluster would create one from its selector",
      fix: `No action needed in a cluster. Otherwise add an EndpointSlice labelled ${label}${byFlag(options, "--stub-backends", ", or remove the Service and start with --stub-backends")}.`,
    };
  }
  const without = { name: "backend-without-endpoints", pointer: "/spec" } as const;
  if (slices.length === 0) {
    return {
      ...without,
      reason: "it has neither a selector nor EndpointSlices",
      fix: `Give it a selector, or add an EndpointSlice labelled ${label}.`,
    };
  }
  const endpoints = slices.flatMap((slice) => slice.endpoints);
  if (endpoints.length === 0) {
    return {
      ...without,
      reason: "its EndpointSlices list none",
      fix: "Correct the Service's selector, or start the pods that it selects.",
    };
  }
  if (!endpoints.some(mayServe)) {
    return {
      ...without,
      reason: `none of its ${endpoints.length} endpoints is ready`,
      fix: "Check why its pods are not ready (their readiness probes).",
    };
  }
  const wanted = (service.spec.ports ?? []).map((port) => port.name ?? "");
  const given = slices.flatMap((slice) => slice.ports.map((port) => port.name));
  if (given.some((port) => wanted.includes(port))) return undefined;
  return {
    ...without,
    pointer: "/spec/ports",
    reason: `its EndpointSlices have the port names ${quoteNames(given)}, and the Service has ${quoteNames(wanted)}`,
    fix: "Give the ports of the EndpointSlices the same names as in the Service.",
  };
}

function mayServe({ conditions }: EndpointSlice["endpoints"][number]): boolean {
  return (conditions?.ready ?? true) || (conditions?.terminating === true && conditions.serving === true);
}

function quoteNames(names: readonly string[]): string {
  return [...new Set(names)].map((name) => JSON.stringify(name)).join(", ") || "none";
}

/** Pods are not read, so an XBackend that selects them is known only through Services and EndpointSlices. */
function findEmptyXBackend(context: CompileContext, namespace: string, name: string): readonly Finding[] {
  const backend = context.snapshot.get("XBackend", namespace, name);
  if (backend === undefined) return [];
  const port = backend.spec.port.number ?? 0;
  if (xbackendEndpoints(context.snapshot, { namespace, name, port }).length > 0) return [];
  return [
    report(
      "backend-without-endpoints",
      { resource: backend, pointer: "/spec/endpointSelector" },
      {
        message: "The XBackend selects no ready endpoints.",
        fix: "Correct matchLabels. A Service whose selector has these labels, or an EndpointSlice with them, must exist.",
      },
    ),
  ];
}
