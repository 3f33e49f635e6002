import type { OwnRequests } from "../../../filter/contract/own-request.ts";
import type { Cluster } from "../../../ir/cluster.ts";
import type { HealthCheck } from "../../../ir/traffic/health-check.ts";
import type { Telemetry } from "../../../telemetry/telemetry.ts";
import type { ProxyLimits } from "../../limits.ts";
import { ordinaryRules } from "../connection-rules.ts";
import { EndpointState } from "../endpoint-state.ts";
import { trafficMetrics } from "../traffic-metrics.ts";
import { AskedProbe } from "./asked-probe.ts";
import { grpcQuestion } from "./grpc-question.ts";
import type { HealthListener } from "./health-checker.ts";
import type { Health, HealthWatch } from "./health-registry.ts";
import { httpQuestion } from "./http-question.ts";
import type { Probe } from "./probe.ts";
import { SingleEndpoint } from "./single-endpoint.ts";
import { TcpProbe } from "./tcp-probe.ts";

/** Head and content of an answer to a check. Bytes. */
const maxAnswerBytes = 64 * 1024;

/** What checks need of their plane. */
export type CheckContext = {
  readonly limits: ProxyLimits;
  readonly telemetry: Telemetry;
  readonly requests: OwnRequests;
  readonly health: Health;
};

/** Has an endpoint checked as the backend's policy asks; `undefined` where it asks for no checks. */
export function watchEndpoint(
  endpoint: EndpointState,
  listener: HealthListener,
  { cluster, context }: { readonly cluster: Cluster; readonly context: CheckContext },
): HealthWatch | undefined {
  const check = cluster.traffic.policy?.healthCheck;
  if (check === undefined) return undefined;
  const { checked } = trafficMetrics(context.telemetry, cluster);
  const key = `${endpoint.address}|${endpoint.port}|${endpoint.protocol}|${endpoint.tls?.key ?? ""}`;
  return context.health.watch(key, check, listener, {
    probe: () => makeProbe(check, endpoint, { cluster, context }),
    onChecked: ({ kind }) => checked(kind === "success" ? "success" : "failure").add(1),
  });
}

function makeProbe(
  { probe, port, timeoutMs }: HealthCheck,
  endpoint: EndpointState,
  { cluster, context }: { readonly cluster: Cluster; readonly context: CheckContext },
): Probe {
  const { address, tls, guard, descriptors, metrics } = endpoint;
  const asked = { address, port: port || endpoint.port };
  if (probe.kind === "tcp") return new TcpProbe({ ...asked, tls, guard, descriptors }, probe);
  // Checks have connections of their own: what real requests may have is not theirs.
  const protocol = probe.kind === "grpc" ? "http2" : endpoint.protocol === "http2" ? "http2" : "http1";
  const rules = ordinaryRules(context.limits);
  const checkedEndpoint = new EndpointState(asked, { protocol, tls, metrics, rules }, { guard, descriptors });
  const traffic = { ...cluster.traffic, connectTimeoutMs: timeoutMs, connectAttempts: 1 };
  const options = {
    cluster: new SingleEndpoint({ ...cluster, protocol, traffic }, checkedEndpoint),
    timeoutMs: Number.POSITIVE_INFINITY,
    maxAnswerBytes,
    repeatable: true,
    client: undefined,
  };
  const { label } = checkedEndpoint;
  const question = probe.kind === "grpc" ? grpcQuestion(probe, label) : httpQuestion(probe, label);
  return new AskedProbe(question, {
    send: (message, caller) => context.requests.send(message, options, caller),
    close: () => checkedEndpoint.retire(),
  });
}
