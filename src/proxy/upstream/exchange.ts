/**
 * The seam between a request and whatever carries it to an endpoint. HTTP/1.1 has one exchange at a time on a connection,
 * HTTP/2 one object for each stream. Messages cross it as a head, content and trailers, already judged; only chunks of HTTP/1.1
 * cross it as they are, and those of a request are taken apart by an exchange of HTTP/2.
 */
import type { HttpRule } from "../../ir/routing-model.ts";
import type { AnswerHead } from "../../wire/head/answer-head.ts";
import type { BodyFraming } from "../../wire/head/received-request.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { PrivateUpstreams } from "./private-upstreams.ts";

/** The head of a request as fields of HTTP/2, without pseudo-headers. */
export type OutgoingFields = {
  readonly authority: string;
  /** With its query. */
  readonly path: string;
  readonly fields: HeaderField[];
  /** -1: not announced. */
  readonly contentLength: number;
};

/** A request as it is sent; unchanged until the exchange is over. */
export type OutgoingRequest = {
  readonly method: string;
  /** The client asks to switch protocols: a 101 is an answer. */
  readonly upgrade: boolean;
  /** Its credentials are for the connection that it comes on; see `isConnectionLogin`. */
  readonly logsIn: boolean;
  readonly framing: BodyFraming;
  /** The head, when it was put together for an endpoint of HTTP/2; `undefined`: as bytes. */
  readonly fields: OutgoingFields | undefined;
  /** The head as HTTP/1.1 bytes: `head[0, headEnd)`; without `fields`. */
  readonly head: Buffer;
  readonly headEnd: number;
  /** Whether the endpoint may be given up for being silent; see {@link silenceLimitMs}. */
  readonly silence: HttpRule["timeouts"]["silence"];
  /** The same while it is to take the rest of the request. 0: as `silence`. Default: 0. Milliseconds. */
  readonly sendSilenceMs?: number;
  /** The client keeps trailers (`TE: trailers`). Default: it does not say so. */
  readonly acceptsTrailers?: boolean;
  /** A gRPC call: it may be silent for long. */
  readonly grpc?: boolean;
  /** When the call must be over, on the clock of `performance.now`; sent on as what is left of it. Default: never. */
  readonly deadlineMs?: number;
  /** The connection still reads `head` after the call: it must not be reused. */
  keepHead(): void;
};

/** How far an exchange had come when it failed: tells what may be repeated. */
export type FailureProgress =
  /** Nothing of the request was sent. */
  | "unsent"
  /** Sent on a connection that had served before and closed without a byte of an answer. */
  | "stale"
  /** Sent, and the endpoint says that it did nothing with it: whatever the method, it may be sent again. RFC 9113 §8.7. */
  | "refused"
  /** Sent, at least in part. */
  | "sent";

export interface UpstreamEvents {
  /** The request may be sent now. */
  onUpstreamReady(): void;
  /** A body in chunks is taken as it is, trailers within; else its content and trailers are. Asked behind `onResponseHead`. */
  readonly takesChunks: boolean;
  /** The head of the final answer, valid during the call. */
  onResponseHead(head: AnswerHead): void;
  /** An interim answer other than 100 and 101. */
  onInformational(head: AnswerHead): void;
  /** The endpoint agreed to switch protocols; bytes pass both ways from now on. */
  onUpgraded(head: AnswerHead): void;
  /** Part of the body, or bytes of a tunnel. */
  onResponseBody(bytes: Buffer, start: number, end: number): void;
  /** Everything of one read has been delivered: what was put together should be written. */
  onResponsePause(): void;
  /** The trailers of an answer, judged: behind all content, before the event that ends the answer. Not those within chunks. */
  onResponseTrailers(trailers: readonly HeaderField[]): void;
  onResponseEnd(): void;
  /** There is room for more. */
  onUpstreamDrain(): void;
  /** The endpoint will send no more into a tunnel. */
  onUpstreamHalfClose(): void;
  /** Over, without or in the middle of an answer. */
  onUpstreamFailure(kind: ProxyErrorKind, progress: FailureProgress): void;
}

/** One request at one endpoint. */
export interface UpstreamExchange {
  readonly endpoint: EndpointState;
  /** Connected: the head may be sent. When false, `onUpstreamReady` follows, or a failure. */
  readonly ready: boolean;
  /** It is on a connection that has served before, which may turn out to be closed. */
  readonly reused: boolean;
  /** The endpoint takes less than is sent: wait for `onUpstreamDrain`. */
  readonly congested: boolean;
  /** Bytes of this process that wait to be sent to the endpoint. */
  readonly queuedBytes: number;
  sendHead(request: OutgoingRequest): void;
  /** Part of the body, in the request's framing; or bytes of a tunnel. */
  sendBody(bytes: Buffer, start: number, end: number): void;
  /** The request is complete. `trailers` are those of a body of framing `content`. */
  sendEnd(trailers: readonly HeaderField[]): void;
  /** Writes what `send…` put together. */
  flush(): void;
  /** Ends our side of a tunnel. */
  halfClose(): void;
  pause(): void;
  resume(): void;
  /** The endpoint asks the client to log in on its connection: that is to be the client's own. */
  bind(own: PrivateUpstreams): void;
  /** Gives up; nothing more is reported. */
  cancel(): void;
}
