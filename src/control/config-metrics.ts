import { X509Certificate } from "node:crypto";
import { unreachable } from "../base/unreachable.ts";
import type { Listener, RoutingModel, StreamRule } from "../ir/routing-model.ts";
import type { SecretTable } from "../ir/secret-table.ts";
import type { CompiledStatus, Condition, ObjectStatus, ParentRef } from "../status/condition.ts";
import type { GaugeName, LabelValues } from "../telemetry/metrics.ts";
import type { GaugeRow, Registry } from "../telemetry/registry.ts";
import type { HttpSeriesLabels } from "../telemetry/telemetry.ts";
import type { Configuration } from "./control-state.ts";

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

type ConditionMetric = (typeof conditionMetrics)[keyof typeof conditionMetrics] | "gateway_api_listener_conditions";
type ConditionRow = GaugeRow<ConditionMetric>;

const statuses = ["True", "False", "Unknown"] as const;
const severities = ["error", "warning", "info"] as const;

type ConfigTelemetry = {
  readonly registry: Registry;
  retainHttpSeries(isLive: (labels: HttpSeriesLabels) => boolean): void;
};

/** What was exported last: a turn that changed endpoints alone, or that failed, changes none of it. */
const exported = new WeakMap<Registry, Pick<Configuration, "status" | "findings">>();

/** Brings the metrics that describe the configuration in force up to date, and lets go of series of removed routes. */
export function exportConfiguration(
  { registry, retainHttpSeries }: ConfigTelemetry,
  configuration: Configuration,
): void {
  const { result, status, findings } = configuration;
  const before = exported.get(registry);
  if (before?.status === status && before.findings === findings) return;
  exported.set(registry, { status, findings });
  exportStatus(registry, status);
  registry.replaceGauge(
    "gateway_findings",
    severities.map((severity) => ({
      labels: [severity],
      value: findings.filter((finding) => finding.severity === severity).length,
    })),
  );
  registry.replaceGauge("gateway_certificate_expiry_timestamp_seconds", certificateRows(result.secrets));
  retainHttpSeries(liveLabels(result.routing));
}

function exportStatus(registry: Registry, status: CompiledStatus): void {
  const rows = new Map<ConditionMetric, ConditionRow[]>(
    Object.values<ConditionMetric>(conditionMetrics).map((metric) => [metric, []]),
  );
  const listenerRows: ConditionRow[] = [];
  const attachedRows: GaugeRow<"gateway_api_listener_attached_routes">[] = [];
  for (const object of status) {
    const metric = Object.hasOwn(conditionMetrics, object.ref.kind)
      ? conditionMetrics[object.ref.kind as keyof typeof conditionMetrics]
      : undefined;
    if (metric) rows.get(metric)?.push(...objectRows(object));
    if (object.body.shape !== "gateway" && object.body.shape !== "listenerSet") continue;
    const { namespace = "", kind, name } = object.ref;
    const parent = `${kind}/${namespace}/${name}`;
    for (const listener of object.body.listeners) {
      listenerRows.push(...conditionRows([namespace, listener.name, parent], listener.conditions));
      attachedRows.push({ labels: [namespace, listener.name, parent], value: listener.attachedRoutes });
    }
  }
  for (const [metric, metricRows] of rows) registry.replaceGauge(metric, metricRows);
  registry.replaceGauge("gateway_api_listener_conditions", listenerRows);
  registry.replaceGauge("gateway_api_listener_attached_routes", attachedRows);
}

function objectRows({ ref, body }: ObjectStatus): ConditionRow[] {
  const namespace = ref.namespace ?? "";
  const forParent = (parent: ParentRef, conditions: readonly Condition[]) =>
    conditionRows([namespace, ref.name, renderParent(parent, namespace)], conditions);
  switch (body.shape) {
    case "route":
      return body.parents.flatMap(({ parentRef, conditions }) => forParent(parentRef, conditions));
    case "policy":
      return body.ancestors.flatMap(({ ancestorRef, conditions }) => forParent(ancestorRef, conditions));
    case "gatewayClass":
    case "gateway":
    case "listenerSet":
      return conditionRows([namespace, ref.name, ""], body.conditions);
    default:
      return unreachable(body);
  }
}

/** Three rows for a condition, so that a query for any status finds a 0 or a 1, as kube-state-metrics does it. */
function conditionRows(
  [namespace, name, parent]: readonly [namespace: string, name: string, parent: string],
  conditions: readonly Condition[],
): ConditionRow[] {
  return conditions.flatMap((condition) =>
    statuses.map((status) => {
      const labels: LabelValues<ConditionMetric> = [namespace, name, parent, condition.type, status];
      return { labels, value: condition.status === status ? 1 : 0 };
    }),
  );
}

/** `Gateway/namespace/name`, then `/section` and `:port` when the reference has them. */
function renderParent(parent: ParentRef, namespace: string): string {
  const section = parent.sectionName === undefined ? "" : `/${parent.sectionName}`;
  const port = parent.port === undefined ? "" : `:${parent.port}`;
  return `${parent.kind ?? "Gateway"}/${parent.namespace ?? namespace}/${parent.name}${section}${port}`;
}

function certificateRows(secrets: SecretTable): GaugeRow<"gateway_certificate_expiry_timestamp_seconds">[] {
  return secrets.keys().flatMap((key) => {
    const material = secrets.get(key);
    if (material?.kind !== "certificate") return [];
    const expiryMs = leafExpiryMs(material.chainPem);
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

/** Whether a label set belongs to a route of the model. Requests without a route belong to their gateway. */
function streamRules(listener: Listener): readonly StreamRule[] {
  if (listener.protocol === "TLS") return listener.routes.map(({ rule }) => rule);
  if (listener.protocol !== "TCP" && listener.protocol !== "UDP") return [];
  return listener.rule === undefined ? [] : [listener.rule];
}

function liveLabels({ gateways }: RoutingModel): (labels: HttpSeriesLabels) => boolean {
  const live = new Set<string>([""]);
  for (const gateway of gateways) {
    live.add(gateway.key);
    for (const rule of Object.values(gateway.httpRules)) {
      live.add([gateway.key, rule.routeKind, rule.namespace, rule.name].join(" "));
    }
    for (const rule of gateway.listeners.flatMap(streamRules)) {
      live.add([gateway.key, rule.routeKind, rule.namespace, rule.name].join(" "));
    }
  }
  return (labels) => {
    const gateway = labels.gateway_name === "" ? "" : `${labels.gateway_namespace}/${labels.gateway_name}`;
    if (labels.route_name === "") return live.has(gateway);
    return live.has([gateway, labels.route_kind, labels.route_namespace, labels.route_name].join(" "));
  };
}
