import { type ProxyErrorKind, proxyErrors } from "./error.ts";
import { grpcStatus, grpcStatusOfError, grpcStatusOfHttp } from "./grpc-status.ts";

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
  "The status tables are written from `src/proxy/grpc-status.ts` by `npm run docs`.",
  "",
  "## What is served",
  "",
  "- Calls arrive over HTTP/2: on an HTTPS listener (agreed on by ALPN), or on an HTTP listener with prior knowledge (h2c).",
  "- A GRPCRoute matches service and method (exact or by regular expression), and headers. Filters, weights, mirrors and",
  "  rule names work as in an HTTPRoute.",
  "- Its backends are spoken to with HTTP/2: in clear text with prior knowledge, whatever `appProtocol` says, or over TLS with",
  "  ALPN `h2` when a BackendTLSPolicy targets the Service. A backend that agrees on nothing else than HTTP/1.1 is a failure, not a",
  "  reason to speak HTTP/1.1.",
  "- Unary calls and streams in both directions flow unbuffered, each stream with a window of 64 KiB; trailers and Trailers-Only",
  "  answers stay what they are.",
  "- A call over HTTP/1.1 that reaches a GRPCRoute is refused with 505. gRPC-Web (`application/grpc-web`) is plain HTTP to the",
  "  gateway: it is passed on, over HTTP/1.1 too, to a backend that understands it, and gets HTTP errors.",
  "- A call may be silent for an hour, unlike other requests; an endpoint that sends nothing for five and a half minutes is asked",
  "  for a sign of life by PING.",
  "",
  "## Deadlines",
  "",
  "`grpc-timeout` is honoured: the shorter of it and the route's own timeout counts, and the server is told what is left of that.",
  "When it passes, the call ends with `DEADLINE_EXCEEDED` and is cancelled at the server, also when its answer has begun.",
  "A `grpc-timeout` that cannot be read is refused with `INTERNAL`.",
  "",
  "## Repeats",
  "",
  "A GRPCRoute has no `retry` of its own. A call is sent again, at most twice, when the endpoint cannot have looked at it: no",
  "connection was made, the stream was refused (`REFUSED_STREAM`), or it lies above the last one of a `GOAWAY`. Its messages are",
  "kept for that up to 64 KiB and until the answer begins.",
  "",
  "## Failures of the gateway",
  "",
  "An answer of the gateway to a call is HTTP 200 with `grpc-status` and `grpc-message` (percent-encoded), not an HTTP page. When the",
  "answer has begun, they stand in its trailers. `UNAVAILABLE` is what gRPC clients take for safe to try again.",
  "",
  "| failure | response flag | HTTP status of other requests | gRPC status |",
  "| --- | --- | --- | --- |",
];

const filters = [
  "## Answers of filters",
  "",
  "A filter or an authorisation server that refuses a call does so with an HTTP status, which becomes a gRPC status. Its headers are",
  "kept, but for those that describe a page; a body of plain text becomes the message.",
  "",
  "| HTTP status | gRPC status |",
  "| --- | --- |",
];

const telemetry = [
  "## Metrics and access log",
  "",
  "`gateway_grpc_requests_total` counts calls by route, backend, `grpc_service`, `grpc_method` and `grpc_status`. A name",
  "is kept once a server has answered for it (with anything but `UNIMPLEMENTED`) and empty before; beyond 100 methods of one route",
  "and backend it is `other`. The HTTP metrics count calls too, under their HTTP status. A line of the access log ends with `grpc_status` when the request is a call.",
];
