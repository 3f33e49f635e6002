import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { watchForTruncation } from "./close-notify.ts";
import { startReading, stopReading } from "./read-switch.ts";
import type { Transport, TransportEvents } from "./transport.ts";

/** How writes are handed to the socket. A TLS socket encrypts later than `write` returns, so its bytes are copied first. */
export type WriteOwnership = "reference" | "copy";

const transportOf = Symbol("transport");
type OwnedSocket = Socket & { readonly [transportOf]: SocketTransport };

/** A `node:net` or `node:tls` socket as a `Transport`; documented interfaces only, but for `read-switch.ts`. */
export class SocketTransport implements Transport {
  readonly socket: Socket;
  readonly #copies: boolean;
  #closed = false;
  #paused = false;
  /** The socket was stopped from reading at all. */
  #stopped = false;
  #truncated = false;
  #error: Error | undefined;
  #events!: TransportEvents;

  constructor(socket: Socket, ownership: WriteOwnership) {
    this.socket = socket;
    this.#copies = ownership === "copy";
  }

  get closed(): boolean {
    return this.#closed;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  get congested(): boolean {
    // Without the second, a write that was taken in full would count until its `drain`, which comes later.
    return this.socket.writableNeedDrain && this.socket.writableLength > 0;
  }

  get queuedBytes(): number {
    return this.socket.writableLength;
  }

  /** Tells `events` what happens from now on. `reads` is `"none"` for a socket that was opened with `onread`. */
  attach(events: TransportEvents, reads: "data" | "none"): void {
    const socket = this.socket;
    this.#events = events;
    if (socket instanceof TLSSocket) {
      const reads = () => !this.#stopped;
      watchForTruncation(socket, reads, () => {
        this.#truncated = true;
      });
    }
    const owned = Object.assign(socket, { [transportOf]: this });
    if (reads === "data") owned.on("data", onData);
    owned.on("end", onEnd);
    owned.on("drain", onDrain);
    owned.on("error", onError);
    owned.on("close", onClose);
  }

  /** The socket's events, but for its data. */
  tell(event: "end" | "drain" | "close"): void {
    if (event === "close") this.#closed = true;
    else if (this.#closed) return;
    this.contain(() => {
      if (event === "end") this.#events.onEnd();
      else if (event === "drain") this.#events.onDrain();
      else this.#events.onClose(this.#error);
    });
  }

  /** Ends with this error. */
  fail(error: Error): void {
    this.#error = error;
    // After its handshake a TLS socket tells of a fatal alert, its own or the other side's, and stays open.
    this.socket.destroy();
  }

  handTo(events: TransportEvents): void {
    this.#events = events;
  }

  /** Hands bytes that were read to the owner. An exception there, which is our bug, costs this connection and no other. */
  deliver(bytes: Buffer, start: number, end: number): void {
    if (this.#closed) return;
    try {
      this.#events.onData(bytes, start, end);
    } catch (error) {
      this.#onBug(error);
    }
  }

  /** Runs what an event leads to, with exceptions as in `deliver`. */
  contain(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#onBug(error);
    }
  }

  write(buffer: Buffer, start: number, end: number): boolean {
    if (this.#closed) return true;
    const bytes = start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end);
    // Behind other bytes these would keep their buffer, of which they may be a small part.
    if (this.#copies || this.socket.writableLength > 0) {
      this.socket.write(Buffer.from(bytes));
      return true;
    }
    this.socket.write(bytes);
    // A write that the system took in full has left the queue by the time `write` returns.
    return this.socket.writableLength === 0;
  }

  pause(): void {
    this.#paused = true;
    this.socket.pause();
    this.#stopped ||= stopReading(this.socket);
  }

  resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    if (this.#stopped) startReading(this.socket);
    this.#stopped = false;
    this.socket.resume();
  }

  end(): void {
    if (!this.#closed) this.socket.end();
  }

  destroy(): void {
    this.#closed = true;
    this.socket.destroy();
  }

  reset(): void {
    this.#closed = true;
    const { socket } = this;
    // Only a plain TCP socket can be reset; dropping a TLS one without its closing alert says the same. A socket that is on
    // its way to a half-close must not be: Node would neither reset nor close it, and its descriptor would leak.
    if (this.#copies || (socket.writableEnded && !socket.writableFinished)) socket.destroy();
    else socket.resetAndDestroy();
  }

  #onBug(error: unknown): void {
    this.#events.onBug?.(error);
    this.socket.destroy(error instanceof Error ? error : undefined);
  }
}

// Handlers that all sockets share: functions of its own would be a good part of what an idle connection holds.

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[transportOf].deliver(chunk, 0, chunk.length);
}

function onEnd(this: OwnedSocket): void {
  this[transportOf].tell("end");
}

function onDrain(this: OwnedSocket): void {
  this[transportOf].tell("drain");
}

function onError(this: OwnedSocket, error: Error): void {
  this[transportOf].fail(error);
}

function onClose(this: OwnedSocket): void {
  this[transportOf].tell("close");
}
