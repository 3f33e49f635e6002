import type { AnswerBody, AnswerHead } from "../wire/head/answer-head.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";
import type { HeaderEdits } from "./header-edits.ts";

/** An upstream's answer on its way out, valid during the call. */
export type RelayedResponse = {
  readonly head: AnswerHead;
  readonly edits: HeaderEdits;
  readonly body: AnswerBody;
};

/** An answer of our own; complete. */
export type OwnResponse = { readonly status: number; readonly edits: HeaderEdits; readonly body: string | Buffer };

/** Where an exchange's answer goes: one request of a downstream connection, whatever its protocol. */
export interface Responder {
  /** Of the request, for logs. */
  readonly protocol: string;
  /** More waits to be sent than the client takes. */
  readonly congested: boolean;
  /** A body in chunks is taken as it is; else its content and trailers are. */
  readonly takesChunks: boolean;
  respond(response: RelayedResponse): void;
  respondInformational(head: AnswerHead): void;
  /** A 101: bytes pass both ways from now on. */
  respondUpgrade(response: RelayedResponse): void;
  respondOwn(response: OwnResponse): void;
  sendBody(bytes: Buffer, start: number, end: number): void;
  /** The trailers of a body without framing, behind all of it; left out where the client's protocol has no place for them. */
  sendTrailers(trailers: readonly HeaderField[]): void;
  sendEnd(): void;
  /** Writes what `respond…` and `send…` put together. */
  flush(): void;
  /** The answer broke off: the client must not take it for complete. */
  abort(): void;
  /** The other side of a tunnel will send no more. */
  halfClose(): void;
  pauseRequest(): void;
  resumeRequest(): void;
  /** Nothing more comes of this exchange; it may be used for the next request. */
  onExchangeOver(): void;
}
