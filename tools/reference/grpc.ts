import { type ProxyErrorKind, proxyErrors } from "../../src/proxy/error.ts";
import { grpcStatus, grpcStatusOfError, grpcStatusOfHttp } from "../../src/proxy/grpc-status.ts";

/** `docs/reference/grpc.md`: how gRPC calls are served, and the status of every failure. */
export function renderGrpcReference(): string {
  const kinds = Object.keys(grpcStatusOfError) as readonly ProxyErrorKind[];
  const errors = kinds.map((kind) => {
    const { message, status, flag } = proxyErrors[kind];
    const name = grpcStatusOfError[kind];
    return `| ${message} | \`${flag}\` | ${status} | ${grpcStatus[name]} ${name} |`;
  });
  const answers = Object.entries(grpcStatusOfHttp).map(
    ([status, name]) => `| ${status} | ${grpcStatus[name]} ${name} |`,
  );
  return `${[...introduction, ...errors, "", ...filters, ...answers, "| others | 2 UNKNOWN |", "", ...telemetry].join("\n")}\n`;
}

const introduction = [
  "# gRPC",
  "",
  "The status tables are generated from `src/proxy/grpc-status.ts` by `npm run docs`.",
  "",
  "## What is served",
  "",
  "- Clients call over HTTP/2: on an HTTPS listener (negotiated by ALPN), or on an HTTP listener with prior knowledge (h2c).",
  "- A GRPCRoute matches service and method (exact or by regular expression), and headers. Filters, weights, mirrors and",
  "  rule names work as in an HTTPRoute.",
  "- Backends get HTTP/2: in cleartext with prior knowledge, whatever `appProtocol` says, or over TLS with",
  "  ALPN `h2` when a BackendTLSPolicy targets the Service. If the backend negotiates only HTTP/1.1, the call fails; there is",
  "  no fallback to HTTP/1.1.",
  "- Unary and streaming calls are not buffered; each stream has a window of 64 KiB. Trailers and Trailers-Only responses are",
  "  passed on unchanged.",
  "- A call over HTTP/1.1 that matches a GRPCRoute gets 505. gRPC-Web (`application/grpc-web`) is plain HTTP to the gateway: it",
  "  is passed on unchanged, also over HTTP/1.1, and gets HTTP errors.",
  "- Unlike other requests, a call may be silent for an hour; an endpoint that sends nothing for five and a half minutes gets a",
  "  PING.",
  "",
  "## Deadlines",
  "",
  "The shorter of `grpc-timeout` and the route's timeout applies, and the server gets the time that is left. When it expires, the",
  "call ends with `DEADLINE_EXCEEDED` and is cancelled at the server, even if its response has begun. A call with an invalid",
  "`grpc-timeout` gets `INTERNAL`.",
  "",
  "## Retries",
  "",
  "A GRPCRoute has no `retry`. A call is retried, at most twice, if the endpoint cannot have processed it: no connection was",
  "made, the stream was refused (`REFUSED_STREAM`), or it is above the last stream of a `GOAWAY`. For this, up to 64 KiB of its",
  "messages are kept until the response begins.",
  "",
  "## Failures of the gateway",
  "",
  "When the gateway itself answers a call, it sends HTTP 200 with `grpc-status` and `grpc-message` (percent-encoded), not an error",
  "page; if the response has begun, they are in its trailers. gRPC clients treat `UNAVAILABLE` as safe to retry.",
  "",
  "| failure | response flag | HTTP status of other requests | gRPC status |",
  "| --- | --- | --- | --- |",
];

const filters = [
  "## Responses of filters",
  "",
  "If a filter or an authorisation server refuses a call with an HTTP status, it is mapped to a gRPC status. The response's headers are",
  "kept, except those that describe the body; a plain-text body becomes the message.",
  "",
  "| HTTP status | gRPC status |",
  "| --- | --- |",
];

const telemetry = [
  "## Metrics and access log",
  "",
  "`gateway_grpc_requests_total` counts calls by route, backend, `grpc_service`, `grpc_method` and `grpc_status`. Service",
  "and method are empty until a server has answered for them (with anything but `UNIMPLEMENTED`), and `other` beyond 100 methods of a",
  "route and backend. The HTTP metrics count calls too, by HTTP status. Access log lines of calls end with `grpc_status`.",
];
