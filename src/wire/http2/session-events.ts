import type { HeaderField } from "./hpack-table.ts";
import type { Http2Stream } from "./stream.ts";

export interface SessionEvents<Owner> {
  /** A header block that begins a message: a request (server), an interim or final response (client). */
  onHeaders(stream: Http2Stream<Owner>, block: readonly HeaderField[], endStream: boolean): void;
  /** A block behind the body; the message is over. */
  onTrailers(stream: Http2Stream<Owner>, block: readonly HeaderField[]): void;
  /** Payload, valid during the call. Give back what was used with `consume`. */
  onData(stream: Http2Stream<Owner>, bytes: Buffer, start: number, end: number): void;
  /** The peer's side is over (after the last `onData`; with `onTrailers` and `endStream` it is implied). */
  onEnd(stream: Http2Stream<Owner>): void;
  /** The stream broke: reset by the peer, or by us because of what the peer sent. Nothing more comes of it. */
  onReset(stream: Http2Stream<Owner>, code: number): void;
  /** After a short `sendData`: there is window again. */
  onWritable(stream: Http2Stream<Owner>): void;
  /** The header list is larger than the limits; the stream is still there to be answered (server: 431). */
  onHeadersTooLarge(stream: Http2Stream<Owner>, endStream: boolean): void;
  /** Our final GOAWAY is on its way: no stream comes after those that are open. */
  onEnding(): void;
  /** The peer will take no new streams; those above `lastStreamId` were not processed. */
  onGoaway(lastStreamId: number, code: number): void;
  /** The connection broke its rules: `flush`, then close. Streams get no events of their own. */
  onConnectionError(code: number, reason: string): void;
  /** There is something to `flush`. Called once until then. */
  onDirty(): void;
  /** Bytes for the peer. True: the buffer may be reused at once. */
  onOutput(buffer: Buffer, start: number, end: number): boolean;
}
