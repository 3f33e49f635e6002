import { type MetricRow, metrics } from "../../src/telemetry/metrics.ts";
import { responseFlags } from "../../src/telemetry/response-flag.ts";

/** `docs/reference/metrics.md`: every metric, and the response flags of the access log. */
export function renderMetricsReference(): string {
  const rows = Object.entries<MetricRow>(metrics).map(([name, row]) => {
    const labels = row.labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${row.type} | ${cell(row.unit)} | ${labels} | ${cell(row.help)} |`;
  });
  const flags = Object.entries(responseFlags).map(
    ([flag, { status, meaning }]) => `| \`${flag}\` | ${cell(status)} | ${cell(meaning)} |`,
  );
  const buckets = Object.entries<MetricRow>(metrics).flatMap(([name, row]) =>
    row.buckets ? [`- \`${name}\`: ${row.buckets.join(", ")}`] : [],
  );
  return `${[
    "# Metrics and response flags",
    "",
    "Generated from `src/telemetry/metrics.ts` and `src/telemetry/response-flag.ts` by `npm run docs`.",
    "",
    "## Metrics",
    "",
    "Served at `/metrics` of the admin endpoint, as Prometheus text or OpenMetrics. A label that does not apply is empty.",
    "Each metric has a limit of series; beyond it, new series are counted under `other`, and `gateway_metrics_overflow_total` grows.",
    "The series of a removed route are dropped after five minutes.",
    "",
    "| metric | type | unit | labels | description |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "Buckets, in seconds:",
    "",
    ...buckets,
    "",
    "## Queries",
    "",
    ...queries.flatMap(([what, query]) => [`${what}:`, "", "```promql", query, "```", ""]),
    "## Response flags",
    "",
    "`response_flag` in the access log says why a request failed.",
    "",
    "| flag | status | meaning |",
    "| --- | --- | --- |",
    ...flags,
  ].join("\n")}\n`;
}

/** Queries that people write for gateways; `exposition.test.ts` checks that their metrics and labels exist. */
export const queries = [
  ["Requests per second, by route", "sum(rate(gateway_http_requests_total[5m])) by (route_name)"],
  [
    "95th percentile of latency, by route",
    "histogram_quantile(0.95, sum(rate(gateway_http_request_duration_seconds_bucket[5m])) by (le, route_name))",
  ],
  [
    "Share of server errors, by route",
    'sum(rate(gateway_http_requests_total{status=~"5.."}[5m])) by (route_name) / sum(rate(gateway_http_requests_total[5m])) by (route_name)',
  ],
  ["Routes that are not accepted", 'gateway_api_httproute_conditions{type="Accepted",status="True"} == 0'],
  ["Certificates with less than two weeks left", "gateway_certificate_expiry_timestamp_seconds - time() < 14 * 86400"],
] as const;

const cell = (text: string): string => text.replaceAll("|", "\\|");
