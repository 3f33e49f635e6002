/**
 * Every metric that Sluice exports, in one table. A name that is not here is a type error where it is used;
 * `docs/reference/metrics.md` is written from it. Names follow Prometheus: base units, `_total` on counters.
 */

export type MetricRow = {
  readonly type: "counter" | "gauge" | "histogram";
  /** Base unit of the value; `""` for plain counts. */
  readonly unit: "" | "seconds" | "bytes" | "ratio";
  /** Label names in the order in which code passes their values. */
  readonly labels: readonly string[];
  /** One sentence for people; it is the `# HELP` line too. */
  readonly help: string;
  /** Upper bounds, ascending, without `+Inf`. Histograms only. */
  readonly buckets?: readonly number[];
  /** Series beyond this many are counted together under `other`. Default {@link defaultMaxSeries}. */
  readonly maxSeries?: number;
};

/** Bound on the series of one metric when its row sets none. */
export const defaultMaxSeries = 20_000;

const listenerLabels = ["gateway_name", "gateway_namespace", "listener"] as const;
const routeLabels = [...listenerLabels, "route_kind", "route_namespace", "route_name", "rule", "backend_name"] as const;
const backendLabels = ["backend_namespace", "backend_name", "backend_port"] as const;
const conditionLabels = ["namespace", "name", "parent", "type", "status"] as const;

/** From half a millisecond, since a proxied request in one machine takes about one, to a minute. */
const requestBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;
const compileBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

const conditions = (kind: string) =>
  ({
    type: "gauge",
    unit: "",
    labels: conditionLabels,
    help: `Status conditions of ${kind}: 1 for the current status, 0 for the other two.`,
    maxSeries: 100_000,
  }) as const;

export const metrics = {
  gateway_http_requests_total: {
    type: "counter",
    unit: "",
    labels: [...routeLabels, "method", "status"],
    help: "HTTP requests answered, by the status code sent to the client.",
    maxSeries: 50_000,
  },
  gateway_http_request_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: routeLabels,
    help: "Time from the first byte of a request to the last byte of its response.",
    buckets: requestBuckets,
  },
  gateway_http_upstream_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: routeLabels,
    help: "Time from the choice of an endpoint to the last byte of its response, including retries.",
    buckets: requestBuckets,
  },
  gateway_http_request_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: routeLabels,
    help: "Bytes received from clients, head and body.",
  },
  gateway_http_response_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: routeLabels,
    help: "Bytes sent to clients, head and body.",
  },
  gateway_grpc_requests_total: {
    type: "counter",
    unit: "",
    labels: [...routeLabels, "grpc_service", "grpc_method", "grpc_status"],
    help: "gRPC calls that ended, by status code; service and method are empty until a server has answered for them, and other if there are too many.",
    maxSeries: 50_000,
  },
  gateway_http_requests_active: {
    type: "gauge",
    unit: "",
    labels: listenerLabels,
    help: "HTTP requests in flight.",
  },
  gateway_http_rejected_requests_total: {
    type: "counter",
    unit: "",
    labels: [...listenerLabels, "reason"],
    help: "Requests refused before routing because they are malformed, ambiguous, too large or too slow.",
  },
  gateway_internal_errors_total: {
    type: "counter",
    unit: "",
    labels: [],
    help: "Exceptions inside the gateway; each ended one request or connection, and the process log has the details.",
  },
  gateway_http_retries_total: {
    type: "counter",
    unit: "",
    labels: ["route_kind", "route_namespace", "route_name", "backend_name", "reason"],
    help: "Attempts to reach a backend after the first.",
  },
  gateway_http_mirrored_requests_total: {
    type: "counter",
    unit: "",
    labels: ["route_kind", "route_namespace", "route_name", "backend_name", "result"],
    help: "Copies of requests for mirror backends: sent, failed, or dropped because the mirror was too slow.",
  },
  gateway_rate_limited_requests_total: {
    type: "counter",
    unit: "",
    labels: ["policy_kind", "policy_namespace", "policy_name", "limiter", "result"],
    help: "Requests that a limit was about: admitted, limited, shadow (admitted because the rule only reports) or failed (nobody could be asked who counts).",
  },
  gateway_jwt_requests_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "result"],
    help: "Requests whose token a policy asks for, by that policy: allowed, missing, invalid, or unavailable because there were no keys.",
  },
  gateway_jwks_fetches_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "provider", "result"],
    help: "Fetches of a provider's key set, by the policy that was built last with it: ok or failed.",
  },
  gateway_authorization_requests_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "result"],
    help: "Requests judged by the authorization rules of a policy, by that policy: allowed or denied.",
  },
  gateway_http_compressed_responses_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "encoding"],
    help: "Responses that were compressed, by the object that asks for it and the encoding; busy: left as they were because too many were being compressed.",
  },
  gateway_http_error_pages_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "result"],
    help: "Responses that an error-page service was asked to replace, by the object that names it: served, or failed because it gave no answer.",
  },
  gateway_external_processing_requests_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "result"],
    help: "Requests shown to an external processing service, by the object that names it: processed, answered by the service itself, or failed because it gave no valid answer.",
  },
  gateway_http_injected_faults_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "fault"],
    help: "Requests that were delayed or aborted on purpose, by the object that asks for it.",
  },
  gateway_external_auth_requests_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "backend_name", "result"],
    help: "Requests checked by an ExternalAuth filter, by the object that has the filter: allowed, cached (a remembered permission was enough), denied, or failed because there was no valid answer.",
  },
  gateway_csrf_requests_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "result"],
    help: "Changes judged by csrf, by the policy: allowed, refused, or shadowed (to be refused, but let in by shadowFraction).",
  },
  gateway_oidc_requests_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "result"],
    help: "Requests at a login, by the policy: admitted, redirected (sent to the provider), refused (401), loggedIn, renewed (got new tokens by a refresh), loggedOut; and of failures: callbackInvalid, loginRefused (by the provider), providerUnreachable, clientRefused (the provider does not take the gateway's id, secret or question), answerInvalid, tokensTooLarge.",
  },
  gateway_credential_checks_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name", "method", "result"],
    help: "Requests whose password (basicAuth) or API key (apiKeyAuth) was checked, by the object that asks for it: allowed, denied, or failed because too many passwords wait to be checked or the reference does not resolve.",
  },
  gateway_trace_spans_exported_total: {
    type: "counter",
    unit: "",
    labels: ["gateway_name", "gateway_namespace"],
    help: "Spans that a collector accepted.",
  },
  gateway_trace_spans_dropped_total: {
    type: "counter",
    unit: "",
    labels: ["gateway_name", "gateway_namespace", "reason"],
    help: "Spans that were not exported: full (too many were queued), rejected (by the collector) or unreachable (the collector did not answer).",
  },
  gateway_downstream_connections_active: {
    type: "gauge",
    unit: "",
    labels: [...listenerLabels, "protocol"],
    help: "Open client connections.",
  },
  gateway_downstream_connections_total: {
    type: "counter",
    unit: "",
    labels: [...listenerLabels, "protocol"],
    help: "Client connections accepted.",
  },
  gateway_tls_handshakes_total: {
    type: "counter",
    unit: "",
    labels: [...listenerLabels, "result"],
    help: "TLS handshakes with clients; result is ok or the cause of the failure.",
  },
  gateway_tcp_connections_total: {
    type: "counter",
    unit: "",
    labels: [...routeLabels, "result"],
    help: "TCP and TLS streams that ended; result is ok or a response flag.",
  },
  gateway_tcp_connections_active: {
    type: "gauge",
    unit: "",
    labels: routeLabels,
    help: "TCP and TLS streams in progress.",
  },
  gateway_tcp_received_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: routeLabels,
    help: "Bytes of TCP and TLS streams received from clients, without the gateway's own TLS overhead.",
  },
  gateway_tcp_sent_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: routeLabels,
    help: "Bytes of TCP and TLS streams sent to clients, without the gateway's own TLS overhead.",
  },
  gateway_rejected_connections_total: {
    type: "counter",
    unit: "",
    labels: [...listenerLabels, "reason"],
    help: "Connections closed before they reached a route: proxyHeader, clientHello, serverName, timeout, or descriptors (no file descriptor to spare).",
  },
  gateway_udp_sessions_total: {
    type: "counter",
    unit: "",
    labels: [...routeLabels, "result"],
    help: "UDP sessions that ended; result is ok (idle) or a response flag.",
  },
  gateway_udp_sessions_active: {
    type: "gauge",
    unit: "",
    labels: routeLabels,
    help: "UDP sessions in progress.",
  },
  gateway_udp_datagrams_total: {
    type: "counter",
    unit: "",
    labels: [...routeLabels, "direction"],
    help: "Datagrams forwarded; direction is in (from clients) or out (to clients).",
  },
  gateway_udp_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: [...routeLabels, "direction"],
    help: "Payload of the datagrams forwarded; direction is in (from clients) or out (to clients).",
  },
  gateway_udp_dropped_datagrams_total: {
    type: "counter",
    unit: "",
    labels: [...listenerLabels, "reason"],
    help: "Datagrams not forwarded: noRoute, invalidBackend, noEndpoint, queueFull or sendFailed.",
  },
  gateway_upstream_connections: {
    type: "gauge",
    unit: "",
    labels: [...backendLabels, "state"],
    help: "Open connections to endpoints; state is active (in use) or idle (kept for reuse).",
  },
  gateway_upstream_connects_total: {
    type: "counter",
    unit: "",
    labels: [...backendLabels, "result"],
    help: "Connections made to endpoints; result is ok or the cause of the failure.",
  },
  gateway_admission_refusals_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "namespace", "name"],
    help: "Requests refused by admissionControl of the policy, because too many others fail.",
  },
  gateway_upstream_endpoints: {
    type: "gauge",
    unit: "",
    labels: [...backendLabels, "standing"],
    help: "Endpoints of backends with a BackendTrafficPolicy: fit, unchecked, unhealthy (active checks) or ejected (outlier detection).",
  },
  gateway_upstream_ejections_total: {
    type: "counter",
    unit: "",
    labels: [...backendLabels, "reason"],
    help: "Endpoints ejected by outlier detection, by what they failed.",
  },
  gateway_upstream_health_checks_total: {
    type: "counter",
    unit: "",
    labels: [...backendLabels, "result"],
    help: "Active health checks; result is success or failure.",
  },
  gateway_upstream_overflows_total: {
    type: "counter",
    unit: "",
    labels: [...backendLabels, "limit"],
    help: "Requests, retries or connections refused by a circuit breaker: connections, pendingRequests, parallelRequests or parallelRetries.",
  },
  gateway_upstream_circuit_open: {
    type: "gauge",
    unit: "",
    labels: [...backendLabels, "limit"],
    help: "1 while a limit of a circuit breaker is reached.",
  },
  gateway_access_log_lines_total: {
    type: "counter",
    unit: "",
    labels: [],
    help: "Access log lines written to the log's file or stream.",
  },
  gateway_access_log_dropped_lines_total: {
    type: "counter",
    unit: "",
    labels: ["reason"],
    help: "Access log lines lost: full (the reader is too slow) or error (writing failed).",
  },
  gateway_metrics_overflow_total: {
    type: "counter",
    unit: "",
    labels: ["metric"],
    help: "Times that a metric had reached its limit of series, so that a new series was counted under other.",
  },
  gateway_config_reloads_total: {
    type: "counter",
    unit: "",
    labels: ["result"],
    help: "Turns of the control loop: programmed, endpoints (only endpoints changed), reported (data planes confirmed) or failed (the last good configuration stays in use).",
  },
  gateway_config_compile_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: [],
    help: "Time to compile objects into a routing model.",
    buckets: compileBuckets,
  },
  gateway_config_apply_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: [],
    help: "Time for the data plane to apply a new configuration.",
    buckets: compileBuckets,
  },
  gateway_config_generation: {
    type: "gauge",
    unit: "",
    labels: [],
    help: "Generation of the active configuration.",
  },
  gateway_config_last_success_timestamp_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "When a configuration was last applied, in seconds since the epoch.",
  },
  gateway_findings: {
    type: "gauge",
    unit: "",
    labels: ["severity"],
    help: "Findings for the current objects.",
  },
  gateway_status_writes_total: {
    type: "counter",
    unit: "",
    labels: ["kind", "result"],
    help: "Writes of statuses to the API server, by the object's kind; result is written, conflict, gone, forbidden, refused, unavailable or failed.",
  },
  gateway_status_writes_pending: {
    type: "gauge",
    unit: "",
    labels: [],
    help: "Objects whose status has yet to be written; 0 on a controller that does not lead.",
  },
  gateway_events_total: {
    type: "counter",
    unit: "",
    labels: ["result"],
    help: "Kubernetes Events: sent, dropped (too many at once) or failed.",
  },
  gateway_leader: {
    type: "gauge",
    unit: "",
    labels: [],
    help: "1 on the leading controller, 0 on the others.",
  },
  gateway_installation_standing_by: {
    type: "gauge",
    unit: "",
    labels: [],
    help: "1 while another Sluice in the cluster serves the same controllerName, so that this one writes nothing.",
  },
  gateway_stream_proxies: {
    type: "gauge",
    unit: "",
    labels: ["data_plane"],
    help: "Proxies connected to this controller; 0 on one that does not lead.",
  },
  gateway_stream_following: {
    type: "gauge",
    unit: "",
    labels: [],
    help: "1 on a proxy that is connected to a controller, 0 while it serves its last configuration.",
  },
  gateway_stream_state_timestamp_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "When a controller last sent or confirmed the proxy's configuration, or when a configuration loaded from disk was saved, in seconds since the epoch.",
  },
  gateway_certificate_expiry_timestamp_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: ["secret"],
    help: "When a certificate in use expires, in seconds since the epoch.",
  },
  gateway_api_listener_attached_routes: {
    type: "gauge",
    unit: "",
    labels: ["namespace", "name", "parent"],
    help: "Routes attached to a listener.",
  },
  gateway_api_gatewayclass_conditions: conditions("GatewayClasses"),
  gateway_api_gateway_conditions: conditions("Gateways"),
  gateway_api_listener_conditions: conditions("listeners (parent is their Gateway or ListenerSet)"),
  gateway_api_listenerset_conditions: conditions("ListenerSets"),
  gateway_api_httproute_conditions: conditions("HTTPRoutes, by parent"),
  gateway_api_grpcroute_conditions: conditions("GRPCRoutes, by parent"),
  gateway_api_tlsroute_conditions: conditions("TLSRoutes, by parent"),
  gateway_api_tcproute_conditions: conditions("TCPRoutes, by parent"),
  gateway_api_udproute_conditions: conditions("UDPRoutes, by parent"),
  gateway_api_backendtlspolicy_conditions: conditions("BackendTLSPolicies, by ancestor"),
  gateway_api_xbackendtrafficpolicy_conditions: conditions("XBackendTrafficPolicies, by ancestor"),
  gateway_api_xtelemetrypolicy_conditions: conditions("XTelemetryPolicies, by ancestor"),
  gateway_build_info: {
    type: "gauge",
    unit: "",
    labels: ["version", "node_version"],
    help: "Always 1; the labels have the versions of Sluice and Node.",
  },
  process_cpu_seconds_total: {
    type: "counter",
    unit: "seconds",
    labels: [],
    help: "CPU time of the process, user and system.",
  },
  process_resident_memory_bytes: {
    type: "gauge",
    unit: "bytes",
    labels: [],
    help: "Resident memory of the process.",
  },
  process_start_time_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "When the process started, in seconds since the epoch.",
  },
  process_uptime_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "Time since the process started.",
  },
  nodejs_heap_size_used_bytes: {
    type: "gauge",
    unit: "bytes",
    labels: [],
    help: "JavaScript heap in use.",
  },
  nodejs_external_memory_bytes: {
    type: "gauge",
    unit: "bytes",
    labels: [],
    help: "Memory of buffers outside the JavaScript heap.",
  },
  nodejs_eventloop_lag_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: ["percentile"],
    help: "Event loop delay since the last scrape; percentile 100 is the maximum.",
  },
  nodejs_eventloop_utilization: {
    type: "gauge",
    unit: "ratio",
    labels: [],
    help: "Event loop utilisation since the last scrape, 0 to 1.",
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof metrics;

type NamesOf<T extends MetricRow["type"]> = {
  [N in MetricName]: (typeof metrics)[N]["type"] extends T ? N : never;
}[MetricName];

export type CounterName = NamesOf<"counter">;
export type GaugeName = NamesOf<"gauge">;
export type HistogramName = NamesOf<"histogram">;

type StringFor<L extends readonly string[]> = { readonly [I in keyof L]: string };

/** One string for each label of the metric, in the row's order. */
export type LabelValues<N extends MetricName> = StringFor<(typeof metrics)[N]["labels"]>;
