import type { ClientTrafficPolicySpec } from "../resource/schema/policy/client-traffic-policy.ts";
import { type CompleteTable, never, notYet, notYetUnsafe } from "./field-service.ts";
import { targetFields } from "./target-fields.ts";

export const clientTrafficFields = {
  ...targetFields,
  clientIPDetection: ["client address", notYetUnsafe],
  connection: ["connection", notYetUnsafe],
  "connection.socketBufferLimit": ["connection", never("Node.js has no setting for the buffers of a socket.")],
  "connection.maxAcceptPerSocketEvent": [
    "connection",
    never("Node.js decides how many connections it accepts at once."),
  ],
  enableProxyProtocol: ["PROXY protocol", notYetUnsafe],
  grpc: ["gRPC-Web", notYet],
  headers: ["headers", notYetUnsafe],
  "headers.enableEnvoyHeaders": ["headers", never("These headers tell of the inside of Envoy.")],
  "headers.disableRateLimitHeaders": ["headers", notYet],
  "headers.preserveXRequestID": ["headers", notYet],
  "headers.requestID": ["headers", notYet],
  healthCheck: ["health check", notYet],
  http1: ["HTTP/1", notYet],
  http2: ["HTTP/2", notYet],
  http3: ["HTTP/3", never("Node.js has no HTTP/3; clients use HTTP/2.")],
  path: ["path", notYetUnsafe],
  proxyProtocol: ["PROXY protocol", notYetUnsafe],
  scheme: ["scheme", notYet],
  tcpKeepalive: ["TCP keepalive", notYet],
  timeout: ["timeout", notYetUnsafe],
  tls: ["TLS", notYetUnsafe],
  "tls.alpnProtocols": ["TLS", notYet],
  "tls.fingerprints": ["TLS", never("Node.js does not show the parts of the handshake that fingerprints are made of.")],
  "tls.session": ["TLS", notYet],
} satisfies CompleteTable<ClientTrafficPolicySpec>;
