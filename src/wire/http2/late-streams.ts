/** Header blocks that may be under way on one stream: an interim answer, a final one, trailers, and one to spare. */
const maxLateBlocks = 4;

type LateStream = { windowBytes: number; blocks: number };

/**
 * Streams that we broke off before the peer had ended its side. Until it hears of that it sends on, which is no fault: such
 * frames are thrown away, as far as the stream's window would have let them come. RFC 9113 section 5.1, "closed".
 */
export class LateStreams {
  readonly #streams = new Map<number, LateStream>();
  readonly #max: number;

  /**
   * `max`: streams that the peer may have open at a time. It hears of our resets in their order and keeps to its number, so that
   * with one more than `max` the oldest is known to it, and nothing comes of that any more.
   */
  constructor(max: number) {
    this.#max = max;
  }

  /** Expects the rest of what the peer may send on a stream: `windowBytes` of DATA. */
  add(streamId: number, windowBytes: number): void {
    const streams = this.#streams;
    streams.set(streamId, { windowBytes, blocks: 0 });
    if (streams.size <= this.#max) return;
    const oldest = streams.keys().next();
    if (!oldest.done) streams.delete(oldest.value);
  }

  has(streamId: number): boolean {
    return this.#streams.has(streamId);
  }

  /** Nothing more comes on the stream; `false` when nothing was expected. */
  delete(streamId: number): boolean {
    return this.#streams.delete(streamId);
  }

  /** Takes DATA of `bytes`. `excess`: more than the window of the stream; `unknown`: nothing is expected on it. */
  takeData(streamId: number, bytes: number, endStream: boolean): "late" | "excess" | "unknown" {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return "unknown";
    stream.windowBytes -= bytes;
    if (stream.windowBytes < 0) return "excess";
    if (endStream) this.#streams.delete(streamId);
    return "late";
  }

  /** Takes a header block; `false` when none is expected on the stream. */
  takeBlock(streamId: number, endStream: boolean): boolean {
    const stream = this.#streams.get(streamId);
    if (stream === undefined || ++stream.blocks > maxLateBlocks) return false;
    if (endStream) this.#streams.delete(streamId);
    return true;
  }
}
