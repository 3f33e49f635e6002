import type { FilterExchange } from "./exchange.ts";
import type { LocalReply } from "./local-reply.ts";

/** The whole content of a request, held back from the backend. */
export interface HeldContent {
  /** Without framing; empty when there is none. */
  readonly bytes: Buffer;
  /** Sends this instead, with its own length; the client's trailers go. */
  replace(bytes: Buffer): void;
}

/**
 * What a filter wants of a content: nothing of it; to see it as it passes; to pass on the same bytes in its own time; or to
 * decide itself what is passed on, of a length that nobody knows before its end.
 */
export type ContentUse = "pass" | "see" | "pace" | "change";

/** Content on its way past one filter, in one direction. */
export interface ContentStream {
  readonly exchange: FilterExchange;
  /** Trailers that came behind it, lower-case names: complete at the end, when a filter may still change them. */
  readonly trailers: [name: string, value: string][];
  /** Whoever comes behind takes less than is sent: a filter that has more waits a moment and looks again. */
  readonly congested: boolean;
  /** Passes bytes on, at any time before `end`; they are read before it returns. Not for `see`. */
  push(bytes: Buffer): void;
  /** Nothing more comes of this filter. Exactly once after `onEnd`, in it or later. Not for `see`. */
  end(): void;
  /** Asks for no more for now; what is on its way still comes (at most one read). */
  pause(): void;
  resume(): void;
  /** Ends the exchange: with this answer while none has begun, otherwise what has begun is broken off. */
  refuse(reply: LocalReply): void;
}
