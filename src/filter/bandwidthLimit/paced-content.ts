import type { Clock } from "../../base/clock.ts";
import type { ContentStream } from "../contract/content.ts";

/** Bytes that are passed on at a time, so that several messages share a limit evenly. */
const sliceBytes = 16 * 1_024;

/** How soon a message whose way is blocked looks again. Milliseconds. */
const congestionMs = 10;

/** What a limit gives: to all messages of one direction together, or to one. */
export type Pace = {
  /** Asks for so many bytes; `waitMs`: until they may be asked for again. */
  readonly take: (bytes: number) => { readonly taken: boolean; readonly waitMs: number };
  /** Most that can be had at once. */
  readonly capacity: number;
  readonly clock: Clock;
};

/**
 * The content of one message that waits for its turn. The source is paused while anything waits, so that no more is kept than
 * one read of it. Copies what waits: what a filter is given is valid during the call alone.
 */
export class PacedContent {
  /** From the first byte to the end. Milliseconds. */
  totalMs = 0;
  /** How much of that this filter has added. Milliseconds. */
  delayMs = 0;
  readonly #pace: Pace;
  readonly #startMs: number;
  readonly #waiting: Buffer[] = [];
  #waitSinceMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #stream: ContentStream | undefined;
  #onEnd: (() => void) | undefined;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#startMs = pace.clock.monotonicMs();
  }

  push(bytes: Buffer, stream: ContentStream): void {
    this.#stream = stream;
    if (this.#waiting.length > 0) {
      this.#waiting.push(Buffer.from(bytes));
      return;
    }
    const rest = this.#pass(bytes);
    if (rest.length > 0) this.#wait(Buffer.from(rest));
  }

  /** All of it has come: `onEnd` is called when all of it has gone. */
  finish(onEnd: () => void): void {
    this.#onEnd = onEnd;
    if (this.#waiting.length === 0) this.#end();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  /** Goes on with what waits. */
  retry(): void {
    const stream = this.#stream!;
    while (this.#waiting.length > 0) {
      const rest = this.#pass(this.#waiting[0]!);
      if (rest.length > 0) {
        this.#waiting[0] = rest;
        return;
      }
      this.#waiting.shift();
    }
    this.delayMs += this.#pace.clock.monotonicMs() - this.#waitSinceMs;
    if (this.#onEnd === undefined) stream.resume();
    else this.#end();
  }

  /** Passes on as much as may go now, and returns what has to wait, with a timer set for it. */
  #pass(bytes: Buffer): Buffer {
    const { take, capacity } = this.#pace;
    const stream = this.#stream!;
    let at = 0;
    while (at < bytes.length) {
      if (stream.congested) {
        this.#lookAgain(congestionMs);
        break;
      }
      const size = Math.min(bytes.length - at, sliceBytes, capacity);
      const { taken, waitMs } = take(size);
      if (!taken) {
        this.#lookAgain(waitMs);
        break;
      }
      stream.push(bytes.subarray(at, at + size));
      at += size;
    }
    return bytes.subarray(at);
  }

  #wait(rest: Buffer): void {
    this.#waiting.push(rest);
    this.#waitSinceMs = this.#pace.clock.monotonicMs();
    this.#stream!.pause();
  }

  #lookAgain(waitMs: number): void {
    this.#timer = setTimeout(lookAgain, Math.ceil(waitMs), this);
  }

  #end(): void {
    this.totalMs = this.#pace.clock.monotonicMs() - this.#startMs;
    this.#onEnd?.();
  }
}

function lookAgain(content: PacedContent): void {
  content.retry();
}
