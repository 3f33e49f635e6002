import { runToEnd, type Steps } from "../base/steps.ts";
import type { Finding } from "../finding/finding.ts";
import type { Cluster, ClusterKey } from "../ir/cluster.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import { secretKeys } from "../ir/secret-keys.ts";
import type { ObjectStatus } from "../status/condition.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { attachRoute, type RouteAttachment } from "./attach.ts";
import { byName, compareText } from "./by-name.ts";
import { type CompileMemo, createCompileMemo } from "./compile-memo.ts";
import type { CompileOptions } from "./compile-options.ts";
import type { CompileContext, CompileResult, Route } from "./contract.ts";
import { compileDataPlanes } from "./data-plane.ts";
import { compileEndpoints } from "./endpoints.ts";
import { findNewerFields } from "./field-release.ts";
import { type CompiledGateway, compileGateway } from "./gateway.ts";
import { type CompiledClasses, compileGatewayClasses } from "./gateway-class.ts";
import { type BuiltGateway, buildGateway } from "./gateway-model.ts";
import { gatewayStatus } from "./gateway-status.ts";
import { findIngresses } from "./ingress.ts";
import { orphanedSets } from "./listener-set.ts";
import { findUnknownLoadBalancing } from "./load-balancing.ts";
import { indexGateways } from "./parent-ref.ts";
import { placeRoutes } from "./place-routes.ts";
import { compileGatewayTracing } from "./policy/compile-tracing.ts";
import { compilePolicies } from "./policy.ts";
import { createSecretReader } from "./snapshot-secrets.ts";
import { sortFindings } from "./sort-findings.ts";
import { findUnreachableRules } from "./unreachable-rule.ts";

/**
 * Compiles everything that users wrote into what the data planes serve, what the statuses say and what is wrong.
 * Pure but for `memo`, which only saves time: equal input gives equal output, in whatever order the objects come.
 * Never throws for what a user wrote.
 */
export function compile(
  snapshot: Snapshot,
  options: CompileOptions,
  memo: CompileMemo = createCompileMemo(),
): CompileResult {
  return runToEnd(compileInSteps(snapshot, options, memo));
}

/** The same in steps, for whoever serves requests on the same thread. Nothing else may use `memo` before it has ended. */
export function* compileInSteps(snapshot: Snapshot, options: CompileOptions, memo: CompileMemo): Steps<CompileResult> {
  const secrets = createSecretReader(snapshot, options);
  const context: CompileContext = { snapshot, options, secrets };
  memo.begin(snapshot, options);

  const surroundings = memo.surroundings(() => {
    const made = compileSurroundings(context);
    return { ...made, freshUntilMs: secrets.freshUntilMs() };
  });
  const { classes, gateways, index, dataPlanes } = surroundings;
  const attachments: RouteAttachment[] = [];
  for (const route of listRoutes(snapshot)) {
    yield;
    attachments.push(memo.attachment(route, () => attachRoute(context, index, route)));
  }
  const routes = yield* placeRoutes(context, attachments, memo);
  const built: BuiltGateway[] = [];
  const unreachable: Finding[] = [];
  for (const gateway of gateways.ours) {
    yield;
    const tracing = compileGatewayTracing(context, gateway.context);
    const one = buildGateway(gateway, routes.byListener, { memo, tracing });
    built.push(one);
    yield;
    unreachable.push(...one.findings, ...findUnreachableRules(one.model, snapshot));
  }
  yield;
  const routing = assemble(gateways.ours, built);
  const policies = compilePolicies(context, { gateways: routes.usage(gateways.ours) });
  const endpoints = compileEndpoints(snapshot, routing);
  yield;
  const newerFields = findNewerFields(context);
  yield;

  const keys = secretKeys(routing);

  memo.end();
  return {
    routing,
    endpoints,
    secrets: secrets.table(keys),
    retained: secrets.retained(keys),
    freshUntilMs: surroundings.freshUntilMs,
    dataPlanes: dataPlanes.dataPlanes,
    status: sortStatus([
      ...classes.status,
      ...gateways.ours.flatMap((gateway) => gatewayStatus(gateway, routes.count)),
      ...routes.status,
      ...policies.status,
    ]),
    findings: sortFindings([
      ...findIngresses(context),
      ...findUnknownLoadBalancing(context),
      ...classes.findings,
      ...newerFields,
      ...gateways.findings,
      ...dataPlanes.findings,
      ...routes.findings,
      ...unreachable,
      ...policies.findings,
    ]),
  };
}

/** What there is without routes. */
function compileSurroundings(context: CompileContext) {
  const classes = compileGatewayClasses(context);
  const gateways = compileGateways(context, classes);
  return {
    classes,
    gateways,
    index: indexGateways(gateways.ours),
    dataPlanes: compileDataPlanes(context, gateways.ours),
  };
}

function compileGateways(
  context: CompileContext,
  classes: CompiledClasses,
): { readonly ours: readonly CompiledGateway[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = orphanedSets(context);
  const ours: CompiledGateway[] = [];
  for (const resource of [...context.snapshot.list("Gateway")].sort(byName)) {
    const answer = classes.answer(resource);
    if (answer.served === "no") {
      findings.push(...answer.findings);
      continue;
    }
    const gateway = compileGateway(context, resource, answer);
    ours.push(gateway);
    findings.push(...gateway.findings, ...gateway.listeners.flatMap((listener) => listener.findings));
    for (const set of gateway.sets) {
      findings.push(...set.findings, ...set.listeners.flatMap((listener) => listener.findings));
    }
  }
  return { ours, findings };
}

/** All routes in an order that does not depend on the input's. */
function listRoutes(snapshot: Snapshot): readonly Route[] {
  return [
    ...snapshot.list("HTTPRoute"),
    ...snapshot.list("GRPCRoute"),
    ...snapshot.list("TLSRoute"),
    ...snapshot.list("TCPRoute"),
    ...snapshot.list("UDPRoute"),
  ].sort((a, b) => byName(a, b) || compareText(a.kind, b.kind));
}

/** Gateways that are not to be served are not shown to the planes. */
function assemble(gateways: readonly CompiledGateway[], built: readonly BuiltGateway[]): RoutingModel {
  const served = built.filter((_, place) => gateways[place]?.served === true);
  const clusters = new Map<ClusterKey, Cluster>();
  for (const { clusters: own } of served) for (const [key, cluster] of own) clusters.set(key, cluster);
  return {
    gateways: served.map(({ model }) => model),
    clusters: Object.fromEntries([...clusters].sort(([a], [b]) => compareText(a, b))),
  };
}

function sortStatus(statuses: readonly ObjectStatus[]): readonly ObjectStatus[] {
  return [...statuses].sort(
    ({ ref: a }, { ref: b }) =>
      compareText(a.kind, b.kind) || compareText(a.namespace ?? "", b.namespace ?? "") || compareText(a.name, b.name),
  );
}
