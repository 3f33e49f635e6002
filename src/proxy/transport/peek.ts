import type { Socket } from "node:net";
import type { Deadlined, Deadlines } from "../deadlines.ts";
import type { Open } from "./open-set.ts";

/** What a reader makes of a connection's first bytes. */
export type PeekVerdict<T> =
  | { readonly kind: "more" }
  /** `consumed` bytes from the start are done with; the others are for whoever takes the socket over. */
  | { readonly kind: "done"; readonly value: T; readonly consumed: number }
  | { readonly kind: "invalid" };

export type PeekFailure = "invalid" | "timeout" | "gone";

export type PeekOptions<T> = {
  /** Called with all bytes so far. */
  readonly read: (bytes: Buffer) => PeekVerdict<T>;
  /** Fails when the reader still wants more with this many bytes. */
  readonly limitBytes: number;
  readonly timeoutMs: number;
  readonly deadlines: Deadlines;
  /** The socket is paused and has its unread bytes back. */
  readonly onDone: (value: T) => void;
  /** After `invalid` and `timeout` the socket is still open and it is for the caller to close it. */
  readonly onFailed: (failure: PeekFailure) => void;
};

/** Reads the start of a connection, however many packets it comes in, and gives the socket back as if untouched. */
export class Peek<T> implements Deadlined, Open {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #socket: Socket;
  readonly #options: PeekOptions<T>;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #over = false;
  readonly #onData = (chunk: Buffer): void => this.#take(chunk);
  readonly #onGone = (): void => this.#fail("gone");

  constructor(socket: Socket, options: PeekOptions<T>) {
    this.#socket = socket;
    this.#options = options;
    // Added first: that sets the clock.
    options.deadlines.add(this);
    this.deadlineMs = options.deadlines.after(options.timeoutMs);
    socket.on("data", this.#onData);
    socket.on("end", this.#onGone);
    socket.on("error", this.#onGone);
    socket.on("close", this.#onGone);
    socket.resume();
  }

  onDeadline(): void {
    this.#fail("timeout");
  }

  destroy(): void {
    this.#socket.destroy();
    this.#fail("gone");
  }

  #take(chunk: Buffer): void {
    this.#append(chunk);
    const bytes = this.#bytes.subarray(0, this.#length);
    const verdict = this.#options.read(bytes);
    switch (verdict.kind) {
      case "more":
        if (this.#length >= this.#options.limitBytes) this.#fail("invalid");
        return;
      case "invalid":
        this.#fail("invalid");
        return;
      case "done":
        this.#stop();
        if (verdict.consumed < bytes.length) this.#socket.unshift(bytes.subarray(verdict.consumed));
        this.#options.onDone(verdict.value);
    }
  }

  /** Keeps one growing buffer: a client that sends byte by byte must not make us copy all of it each time. */
  #append(chunk: Buffer): void {
    if (this.#length === 0) {
      this.#bytes = chunk;
      this.#length = chunk.length;
      return;
    }
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2, 1024));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  #fail(failure: PeekFailure): void {
    if (this.#over) return;
    this.#stop();
    if (failure === "gone") {
      this.#socket.on("error", () => {});
      this.#socket.destroy();
    }
    this.#options.onFailed(failure);
  }

  #stop(): void {
    const socket = this.#socket;
    this.#over = true;
    this.#options.deadlines.delete(this);
    socket.pause();
    socket.off("data", this.#onData);
    socket.off("end", this.#onGone);
    socket.off("error", this.#onGone);
    socket.off("close", this.#onGone);
  }
}
