import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { atMostOne, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { duration, headerName, text } from "../text.ts";
import { headerSettings } from "./client-headers.ts";
import { clientTls } from "./client-tls.ts";
import { policyTargets, targetRules } from "./policy-targets.ts";
import { byteSize, uint32 } from "./sizes.ts";
import { stringMatch } from "./string-match.ts";
import { http2, tcpKeepalive } from "./transport.ts";

const clientIPDetection = withRules(
  z.object({
    xForwardedFor: optional(
      withRules(
        z.object({
          numTrustedHops: optional(uint32, "Trusted proxies, counted from the end of the list."),
          trustedCIDRs: optional(
            listOf(text({ min: 1, max: 43 }), { min: 1, max: 64 }),
            "Networks of trusted proxies.",
          ),
          disableXForwardedForAppend: optional(z.boolean(), "Does not add the peer to the list."),
        }),
        atMostOne("numTrustedHops", "trustedCIDRs"),
      ),
      "From X-Forwarded-For.",
    ),
    customHeader: optional(
      z.object({
        name: headerName.describe("Name of the header."),
        failClosed: optional(z.boolean(), "Answers requests without it with 403."),
      }),
      "From a header of a trusted proxy.",
    ),
    directSourceIP: optional(z.object({}), "From the connection, whatever headers say."),
  }),
  atMostOne("xForwardedFor", "customHeader", "directSourceIP"),
);

const connection = z.object({
  connectionLimit: optional(
    z.object({
      value: optional(z.int().min(1), "Connections at a time. Default: no limit."),
      closeDelay: optional(duration, "Time before a connection above the limit is closed."),
      maxConnectionDuration: optional(duration, "Age at which a connection is closed."),
      maxRequestsPerConnection: optional(uint32, "Requests after which a connection is closed."),
      maxStreamDuration: optional(duration, "Longest time of a request and its answer."),
    }),
    "Limits of connections.",
  ),
  bufferLimit: optional(byteSize, "Bytes that are held for a connection before its sender must wait."),
  socketBufferLimit: optional(byteSize, "Bytes of the socket's buffers."),
  maxAcceptPerSocketEvent: optional(uint32, "Connections that are accepted at once."),
});

const http1 = z.object({
  enableTrailers: optional(z.boolean(), "Forwards trailers."),
  preserveHeaderCase: optional(z.boolean(), "Keeps the case of header names."),
  http10: optional(
    z.object({ useDefaultHost: optional(z.boolean(), "Takes the listener's hostname where a request has none.") }),
    "Takes HTTP/1.0 and HTTP/0.9.",
  ),
  disableSafeMaxConnectionDuration: optional(
    z.boolean(),
    "Closes at maxConnectionDuration without telling by Connection: close before.",
  ),
  ignoredUpgradeTypes: optional(listOf(stringMatch, { max: 16 }), "Upgrades that are taken for plain requests."),
});

const timeout = z.object({
  tcp: optional(
    z.object({
      idleTimeout: optional(duration, "Time that nothing may come or go on a TCP connection."),
      tlsHandshakeTimeout: optional(duration, "Time of the TLS handshake."),
      connectionInspectionTimeout: optional(duration, "Time in which it must be clear what a connection is."),
    }),
    "Of connections.",
  ),
  http: optional(
    z.object({
      requestReceivedTimeout: optional(duration, "Time until the whole request is there."),
      requestHeadersReceivedTimeout: optional(duration, "Time until its headers are there."),
      idleTimeout: optional(duration, "Time that a connection may have no request. Default: 1h."),
      streamIdleTimeout: optional(duration, "Time that nothing may come or go on a stream. Default: 5m."),
    }),
    "Of requests.",
  ),
});

/** How clients connect, and what is taken from them. Spec: ClientTrafficPolicySpec of Envoy Gateway. */
export const clientTrafficPolicySpec = withRules(
  z.object({
    ...policyTargets,
    tcpKeepalive: optional(tcpKeepalive, "Probes of connections from clients."),
    enableProxyProtocol: optional(z.boolean(), "Reads the PROXY protocol. Deprecated: use proxyProtocol."),
    proxyProtocol: optional(
      z.object({ optional: optional(z.boolean(), "Takes connections without the header too.") }),
      "Reads the client's address from the PROXY protocol.",
    ),
    clientIPDetection: optional(clientIPDetection, "Where the client's address comes from."),
    tls: optional(clientTls, "TLS with clients."),
    path: optional(
      z.object({
        escapedSlashesAction: optional(
          z.enum(["KeepUnchanged", "RejectRequest", "UnescapeAndForward", "UnescapeAndRedirect"]),
          "What becomes of %2F and %5C. Default: UnescapeAndRedirect.",
        ),
        disableMergeSlashes: optional(z.boolean(), "Keeps slashes that follow each other."),
      }),
      "Paths of requests.",
    ),
    headers: optional(headerSettings, "Headers of requests and answers."),
    timeout: optional(timeout, "How long things may take."),
    connection: optional(connection, "Connections from clients."),
    http1: optional(http1, "HTTP/1 with clients."),
    http2: optional(http2, "HTTP/2 with clients."),
    http3: optional(z.object({}), "HTTP/3 with clients."),
    grpc: optional(z.object({ enableWeb: optional(z.boolean(), "Takes gRPC-Web.") }), "gRPC with clients."),
    healthCheck: optional(
      z.object({
        path: text({ min: 1, max: 1024 }).describe("Path that the gateway answers itself with 200."),
      }),
      "Health of the listener.",
    ),
    scheme: optional(
      z.enum(["Preserve", "MatchBackend"]),
      "Whether backends are told the client's scheme or that of their connection. Default: Preserve.",
    ),
  }),
  ...targetRules,
);

export type ClientTrafficPolicySpec = DeepReadonly<z.output<typeof clientTrafficPolicySpec>>;
