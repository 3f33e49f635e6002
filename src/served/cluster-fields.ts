import type { BackendSettings } from "../resource/schema/policy/cluster-settings.ts";
import { type CompleteTable, type FieldTable, never, notYet, notYetUnsafe } from "./field-service.ts";

const sockets = never("Node.js has no setting for the buffers of a socket.");

/** How the gateway speaks with a backend: of BackendTrafficPolicy, and of what policies themselves send requests to. */
const clusterFields = {
  circuitBreaker: ["circuit breaker", notYetUnsafe],
  connection: ["connection", notYet],
  "connection.bufferLimit": ["connection", notYetUnsafe],
  "connection.socketBufferLimit": ["connection", sockets],
  dns: ["DNS", notYet],
  healthCheck: ["health check", notYet],
  "healthCheck.active.healthCheckLog": ["health check", never("Changes of health stand in the gateway's own log.")],
  http2: ["HTTP/2", notYet],
  loadBalancer: ["load balancer", notYet],
  "loadBalancer.dynamicModule": ["load balancer", never("A module of Envoy's runs in Envoy alone.")],
  proxyProtocol: ["PROXY protocol", notYet],
  retry: ["retry", notYet],
  tcpKeepalive: ["TCP keepalive", notYet],
  timeout: ["timeout", notYet],
} satisfies CompleteTable<BackendSettings>;

/** The rows of {@link clusterFields} below a path, which is `""` or ends in a dot. */
export function clusterFieldsBelow<const Path extends string>(
  path: Path,
): { readonly [Field in keyof typeof clusterFields as `${Path}${Field}`]: (typeof clusterFields)[Field] } {
  const rows: FieldTable = clusterFields;
  return Object.fromEntries(Object.entries(rows).map(([field, row]) => [`${path}${field}`, row])) as never;
}
