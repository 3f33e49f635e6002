import type { ClientTrafficPolicySpec } from "../resource/schema/policy/client-traffic-policy.ts";
import { type CompleteTable, never, neverUnsafe, notYet, notYetUnsafe, served } from "./field-service.ts";
import { targetFields } from "./target-fields.ts";

export const clientTrafficFields = {
  ...targetFields,
  clientIPDetection: ["client address", served],
  "clientIPDetection.xForwardedFor.disableXForwardedForAppend": [
    "client address",
    never("Backends are always told whose connection a request came on."),
  ],
  connection: ["connection", served],
  "connection.connectionLimit.closeDelay": [
    "connection",
    never("Connections above the limit are closed at once: held ones would cost what the limit is to save."),
  ],
  "connection.bufferLimit": [
    "connection",
    never("No more waits for a connection than its HTTP/2 window and 64 KiB, whatever the policy says."),
  ],
  "connection.socketBufferLimit": ["connection", never("Node.js has no setting for the buffers of a socket.")],
  "connection.maxAcceptPerSocketEvent": [
    "connection",
    never("Node.js decides how many connections it accepts at once."),
  ],
  enableProxyProtocol: ["PROXY protocol", served],
  grpc: ["gRPC-Web", notYet],
  headers: ["headers", served],
  "headers.enableEnvoyHeaders": ["headers", never("These headers tell of the inside of Envoy.")],
  "headers.disableRateLimitHeaders": ["headers", notYet],
  "headers.earlyRequestHeaders.addIfAbsent": ["headers", notYetUnsafe],
  "headers.earlyRequestHeaders.removeOnMatch": ["headers", notYetUnsafe],
  "headers.lateResponseHeaders.addIfAbsent": ["headers", notYet],
  "headers.lateResponseHeaders.removeOnMatch": ["headers", notYetUnsafe],
  "headers.xForwardedClientCert.certDetailsToAdd": [
    "headers",
    never("Subject, DNS and URI are always told, Cert and Chain never: they can be longer than backends take."),
  ],
  healthCheck: ["health check", served],
  http1: ["HTTP/1", served],
  "http1.http10.useDefaultHost": ["HTTP/1", never("A request without a host is routed by its server name or address.")],
  "http1.disableSafeMaxConnectionDuration": [
    "HTTP/1",
    never("A connection that has reached its age always ends after an answer."),
  ],
  "http1.ignoredUpgradeTypes": ["HTTP/1", notYet],
  http2: ["HTTP/2", served],
  "http2.connectionKeepalive": ["HTTP/2", never("Dead connections are found by tcpKeepalive and idleTimeout.")],
  "http2.onInvalidMessage": ["HTTP/2", never("A malformed request ends its stream, a broken frame the connection.")],
  http3: ["HTTP/3", never("Node.js has no HTTP/3; clients use HTTP/2.")],
  path: ["path", served],
  "path.disableMergeSlashes": [
    "path",
    never("The annotation sluice.dev/keep-paths keeps slashes, and dot segments, too."),
  ],
  proxyProtocol: ["PROXY protocol", served],
  scheme: ["scheme", notYet],
  tcpKeepalive: ["TCP keepalive", served],
  timeout: ["timeout", served],
  tls: ["TLS", served],
  "tls.clientValidation.crl.onlyVerifyLeafCertificate": [
    "TLS",
    never("Every certificate of a chain is looked for, which lets in no more."),
  ],
  "tls.clientValidation.subjectAltNames.otherNames": [
    "TLS",
    neverUnsafe("Node.js does not show names of other types than DNS, email, IP address and URI."),
  ],
  "tls.fingerprints": ["TLS", never("Node.js does not show the parts of the handshake that fingerprints are made of.")],
  "tls.session.resumption.stateful": ["TLS", never("Sessions are resumed by tickets, which TLS 1.3 has alone.")],
} satisfies CompleteTable<ClientTrafficPolicySpec>;
