import { X509Certificate } from "node:crypto";
import { unreachable } from "../base/unreachable.ts";
import type { SecretTable } from "../ir/secret-table.ts";
import type { CompiledStatus, Condition, ListenerStatus, ObjectStatus, ParentRef } from "../status/condition.ts";
import type { ScalarFamily, ScalarSeries } from "../telemetry/family.ts";
import type { GaugeName, LabelValues } from "../telemetry/metrics.ts";
import type { GaugeRow, Registry } from "../telemetry/registry.ts";
import type { HttpSeriesLabels } from "../telemetry/telemetry.ts";
import type { Configuration } from "./control-state.ts";
import { LiveRoutes } from "./live-routes.ts";

/** The metric that carries the conditions of a kind. Kinds that are not here have no conditions. */
const conditionMetrics = {
  GatewayClass: "gateway_api_gatewayclass_conditions",
  Gateway: "gateway_api_gateway_conditions",
  ListenerSet: "gateway_api_listenerset_conditions",
  HTTPRoute: "gateway_api_httproute_conditions",
  GRPCRoute: "gateway_api_grpcroute_conditions",
  TLSRoute: "gateway_api_tlsroute_conditions",
  TCPRoute: "gateway_api_tcproute_conditions",
  UDPRoute: "gateway_api_udproute_conditions",
  BackendTLSPolicy: "gateway_api_backendtlspolicy_conditions",
  XBackendTrafficPolicy: "gateway_api_xbackendtrafficpolicy_conditions",
  XTelemetryPolicy: "gateway_api_xtelemetrypolicy_conditions",
} as const satisfies Readonly<Record<string, GaugeName>>;

type StatusMetric =
  | (typeof conditionMetrics)[keyof typeof conditionMetrics]
  | "gateway_api_listener_conditions"
  | "gateway_api_listener_attached_routes";
type StatusRow = { readonly [N in StatusMetric]: GaugeRow<N> & { readonly metric: N } }[StatusMetric];
type ConditionMetric = Exclude<StatusMetric, "gateway_api_listener_attached_routes">;

const statuses = ["True", "False", "Unknown"] as const;
const severities = ["error", "warning", "info"] as const;

type ConfigTelemetry = {
  readonly registry: Registry;
  retainHttpSeries(isLive: (labels: HttpSeriesLabels) => boolean): void;
};

/** What was exported last: a turn that changed endpoints alone, or that failed, changes none of it. */
type Exported = {
  last: Pick<Configuration, "status" | "findings"> | undefined;
  readonly series: Map<ObjectStatus, readonly ExportedSeries[]>;
  readonly routes: LiveRoutes;
};
type ExportedSeries = { readonly metric: StatusMetric; readonly series: ScalarSeries };

const exported = new WeakMap<Registry, Exported>();

/** Brings the metrics that describe the configuration in force up to date, and lets go of series of removed routes. */
export function exportConfiguration(
  { registry, retainHttpSeries }: ConfigTelemetry,
  configuration: Configuration,
): void {
  const { result, status, findings } = configuration;
  const state = exported.get(registry) ?? { last: undefined, series: new Map(), routes: new LiveRoutes() };
  exported.set(registry, state);
  if (state.last?.status === status && state.last.findings === findings) return;
  state.last = { status, findings };
  exportStatus(registry, status, state.series);
  registry.replaceGauge(
    "gateway_findings",
    severities.map((severity) => ({
      labels: [severity],
      value: findings.filter((finding) => finding.severity === severity).length,
    })),
  );
  registry.replaceGauge("gateway_certificate_expiry_timestamp_seconds", certificateRows(result.secrets));
  state.routes.update(result.routing);
  retainHttpSeries((labels) => state.routes.has(labels));
}

/** Series of objects whose status is the very same object as before are left alone. */
function exportStatus(registry: Registry, status: CompiledStatus, known: Exported["series"]): void {
  const familyOf = (metric: StatusMetric) => registry.families[metric] as ScalarFamily;
  // Which rows share the series of an overflow depends on all of them.
  const metrics = new Set<StatusMetric>(known.values().flatMap((all) => all.map(({ metric }) => metric)));
  if ([...metrics].some((metric) => familyOf(metric).hasOverflowed)) {
    for (const metric of metrics) registry.replaceGauge(metric, []);
    known.clear();
  }
  const gone = new Set(known.keys());
  const added = status.filter((object) => !gone.delete(object));
  const stale = [...gone].flatMap((object) => known.get(object) ?? []);
  for (const object of gone) known.delete(object);
  const kept = new Set<ScalarSeries>();
  for (const object of added) {
    const all = rowsOf(object).map(({ metric, labels, value }) => {
      const series = familyOf(metric).series(labels);
      series.set(value);
      kept.add(series);
      return { metric, series };
    });
    known.set(object, all);
  }
  for (const { metric, series } of stale) if (!kept.has(series)) familyOf(metric).drop(series);
}

function rowsOf({ ref, body }: ObjectStatus): readonly StatusRow[] {
  const namespace = ref.namespace ?? "";
  const metric = Object.hasOwn(conditionMetrics, ref.kind)
    ? conditionMetrics[ref.kind as keyof typeof conditionMetrics]
    : undefined;
  const forParent = (parent: string, conditions: readonly Condition[]) =>
    metric === undefined ? [] : conditionRows(metric, [namespace, ref.name, parent], conditions);
  switch (body.shape) {
    case "route":
      return body.parents.flatMap((parent) => forParent(renderParent(parent.parentRef, namespace), parent.conditions));
    case "policy":
      return body.ancestors.flatMap(({ ancestorRef, conditions }) =>
        forParent(renderParent(ancestorRef, namespace), conditions),
      );
    case "ingress":
      return [];
    case "gatewayClass":
    case "backend":
      return forParent("", body.conditions);
    case "gateway":
    case "listenerSet":
      return [...forParent("", body.conditions), ...body.listeners.flatMap((listener) => listenerRows(ref, listener))];
    default:
      return unreachable(body);
  }
}

function listenerRows(
  { kind, namespace = "", name }: ObjectStatus["ref"],
  listener: ListenerStatus,
): readonly StatusRow[] {
  const labels = [namespace, listener.name, `${kind}/${namespace}/${name}`] as const;
  return [
    ...conditionRows("gateway_api_listener_conditions", labels, listener.conditions),
    { metric: "gateway_api_listener_attached_routes", labels, value: listener.attachedRoutes },
  ];
}

/** Three rows for a condition, so that a query for any status finds a 0 or a 1, as kube-state-metrics does it. */
function conditionRows(
  metric: ConditionMetric,
  [namespace, name, parent]: readonly [namespace: string, name: string, parent: string],
  conditions: readonly Condition[],
): readonly StatusRow[] {
  return conditions.flatMap((condition) =>
    statuses.map((status) => {
      const labels: LabelValues<ConditionMetric> = [namespace, name, parent, condition.type, status];
      return { metric, labels, value: condition.status === status ? 1 : 0 };
    }),
  );
}

/** `Gateway/namespace/name`, then `/section` and `:port` when the reference has them. */
function renderParent(parent: ParentRef, namespace: string): string {
  const section = parent.sectionName === undefined ? "" : `/${parent.sectionName}`;
  const port = parent.port === undefined ? "" : `:${parent.port}`;
  return `${parent.kind ?? "Gateway"}/${parent.namespace ?? namespace}/${parent.name}${section}${port}`;
}

/** To parse a certificate takes far longer than all else here. */
const expiries = new WeakMap<object, number>();

function certificateRows(secrets: SecretTable): GaugeRow<"gateway_certificate_expiry_timestamp_seconds">[] {
  return secrets.keys().flatMap((key) => {
    const material = secrets.get(key);
    if (material?.kind !== "certificate") return [];
    const expiryMs = expiries.get(material) ?? leafExpiryMs(material.chainPem);
    if (expiryMs !== undefined) expiries.set(material, expiryMs);
    return expiryMs === undefined ? [] : [{ labels: [key] as const, value: expiryMs / 1000 }];
  });
}

/** The compiler only lets readable certificates into the table; one that is not is left out here rather than trusted to be so. */
function leafExpiryMs(chainPem: string): number | undefined {
  try {
    return new X509Certificate(chainPem).validToDate.getTime();
  } catch {
    return undefined;
  }
}
