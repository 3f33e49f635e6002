import type { AnswerHead } from "../../wire/head/answer-head.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { FailureProgress, UpstreamEvents } from "../upstream/exchange.ts";
import type { Attempts } from "./attempts.ts";

/** Hands what an endpoint does to its exchange: an exception in there ends that exchange, and not the connection of another. */
export class GuardedEvents implements UpstreamEvents {
  readonly #attempts: Attempts;
  readonly #onBug: (error: unknown) => void;

  constructor(attempts: Attempts, onBug: (error: unknown) => void) {
    this.#attempts = attempts;
    this.#onBug = onBug;
  }

  get takesChunks(): boolean {
    return this.#attempts.takesChunks;
  }

  onUpstreamReady(): void {
    try {
      this.#attempts.onUpstreamReady();
    } catch (error) {
      this.#onBug(error);
    }
  }

  onResponseHead(head: AnswerHead): void {
    try {
      this.#attempts.onResponseHead(head);
    } catch (error) {
      this.#onBug(error);
    }
  }

  onInformational(head: AnswerHead): void {
    try {
      this.#attempts.onInformational(head);
    } catch (error) {
      this.#onBug(error);
    }
  }

  onUpgraded(head: AnswerHead): void {
    try {
      this.#attempts.onUpgraded(head);
    } catch (error) {
      this.#onBug(error);
    }
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    try {
      this.#attempts.onResponseBody(bytes, start, end);
    } catch (error) {
      this.#onBug(error);
    }
  }

  onResponsePause(): void {
    try {
      this.#attempts.onResponsePause();
    } catch (error) {
      this.#onBug(error);
    }
  }

  onResponseTrailers(trailers: readonly HeaderField[]): void {
    try {
      this.#attempts.onResponseTrailers(trailers);
    } catch (error) {
      this.#onBug(error);
    }
  }

  onResponseEnd(): void {
    try {
      this.#attempts.onResponseEnd();
    } catch (error) {
      this.#onBug(error);
    }
  }

  onUpstreamDrain(): void {
    try {
      this.#attempts.onUpstreamDrain();
    } catch (error) {
      this.#onBug(error);
    }
  }

  onUpstreamHalfClose(): void {
    try {
      this.#attempts.onUpstreamHalfClose();
    } catch (error) {
      this.#onBug(error);
    }
  }

  onUpstreamFailure(kind: ProxyErrorKind, progress: FailureProgress): void {
    try {
      this.#attempts.onUpstreamFailure(kind, progress);
    } catch (error) {
      this.#onBug(error);
    }
  }
}
