import type { FindingName } from "../../finding/catalogue.ts";
import type { Finding } from "../../finding/finding.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { BackendKey, CompileContext, GatewayContext } from "../contract.ts";
import { type AnyResource, type FindingText, report } from "../report/report.ts";

/** Who refers to backends, for which Gateway, and what that has brought up so far. Lives as long as one compilation of one object. */
export type BackendScope = {
  /** A route, or the Gateway or ListenerSet whose listener has the filter. */
  readonly referrer: Extract<AnyResource, { readonly metadata: { readonly namespace: string } }>;
  readonly gateway: GatewayContext;
  readonly context: CompileContext;
  readonly clusters: Map<ClusterKey, Cluster>;
  readonly backends: Set<BackendKey>;
  readonly findings: Finding[];
};

export function makeBackendScope(
  referrer: BackendScope["referrer"],
  gateway: GatewayContext,
  context: CompileContext,
): BackendScope {
  return { referrer, gateway, context, clusters: new Map(), backends: new Set(), findings: [] };
}

/** Tells of a mistake at a place in the referring object. */
export function reportIn(scope: BackendScope, name: FindingName, at: FindingText & { readonly pointer: string }): void {
  const { pointer, ...text } = at;
  scope.findings.push(report(name, { resource: scope.referrer, pointer }, text));
}
