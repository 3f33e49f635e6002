import type { UpstreamCluster } from "./endpoint.ts";

/** Connections to backends that one client has for itself, because it logs in on them. Opaque: for `OwnRequests` alone. */
export type ClientConnections = object;

/** A request of the gateway's own, complete. */
export type OwnMessage = {
  readonly method: string;
  /** The whole head as HTTP/1.1 bytes, the length of the content and the empty line included. */
  readonly head: Buffer;
  /** Empty: none. */
  readonly content: Buffer;
  /** Trailers of the answer are wanted. */
  readonly acceptsTrailers: boolean;
  /** Carries credentials of the client's that are for the connection which they come on. */
  readonly logsIn: boolean;
};

/** What is sent, where to, and within which bounds. */
export type OwnRequestOptions = {
  readonly cluster: UpstreamCluster;
  /** From sending to the end of the answer. `Infinity`: what the limits of connections allow. Milliseconds. */
  readonly timeoutMs: number;
  /**
   * Largest answer, head and content as they came: what is larger has failed. `discard`: the content is thrown away, whatever
   * its size, and only the head is told. Bytes.
   */
  readonly maxAnswerBytes: number | "discard";
  /** It may be sent twice without harm: on a connection that turns out to be closed it is sent again. */
  readonly repeatable: boolean;
  /** Whose request it is for; `undefined`: nobody's in particular. */
  readonly client: ClientConnections | undefined;
};

type Fields = readonly (readonly [name: string, value: string])[];

/** The answer: names in lower case, one entry a line; content without framing. */
export type OwnAnswer = {
  readonly status: number;
  readonly headers: Fields;
  readonly content: Buffer;
  readonly trailers: Fields;
  /** From the trailers or the head; -1 when there is none. */
  readonly grpcStatus: number;
};

/** `unreachable`: no endpoint took it. `broken`: none, or no whole answer came. `bug`: `onAnswer` threw. */
export type OwnRequestFailure = "unreachable" | "timeout" | "tooLarge" | "broken" | "bug";

/** Told once of what became of a request, unless it is cancelled; perhaps before `send` has returned. */
export interface OwnRequestCaller {
  onAnswer(answer: OwnAnswer): void;
  onFailure(failure: OwnRequestFailure): void;
}

export interface OwnRequest {
  /** Gives up; nothing is reported any more. */
  cancel(): void;
}

/** Told of what comes on a stream, unless it is cancelled; perhaps before `open` has returned. */
export interface OwnStreamCaller {
  /** Content as it comes, without framing; valid during the call. */
  onData(bytes: Buffer): void;
  /** The answer is over, well or not: nothing more comes, and nothing that is sent is heard. Once. */
  onOver(): void;
}

/** A request of the gateway's own whose content and answer go on side by side, over HTTP/2. */
export interface OwnStream {
  /** Part of the content; kept until the endpoint takes it. */
  send(bytes: Buffer): void;
  /** Nothing more is sent. */
  end(): void;
  /** Gives up; nothing is reported any more. */
  cancel(): void;
}

/** Where a stream goes to, and with which head. */
export type OwnStreamOptions = {
  readonly cluster: UpstreamCluster;
  /** The whole head as HTTP/1.1 bytes, without a length. */
  readonly head: Buffer;
};

/**
 * Sends requests of the gateway's own. Bounded in time and in the size of the answer; further endpoints are tried where none of
 * the request was sent. What a caller throws fails that request and nothing else.
 */
export interface OwnRequests {
  send(message: OwnMessage, options: OwnRequestOptions, caller: OwnRequestCaller): OwnRequest;
  /** Opens a stream by POST, at one endpoint. How long it may last is the caller's affair. */
  open(options: OwnStreamOptions, caller: OwnStreamCaller): OwnStream;
}
