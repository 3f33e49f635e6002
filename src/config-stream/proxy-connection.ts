import type { ServerHttp2Stream } from "node:http2";
import type { DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { ConfirmedListener } from "../ir/plane.ts";
import type { Logger } from "../telemetry/log.ts";
import { LineReader } from "./line-reader.ts";
import { maxProxyLineBytes, ProtocolError, type ProxyMessage, parseProxyMessage, renderLine } from "./protocol.ts";
import type { PublishedState } from "./published-state.ts";
import type { StreamTiming } from "./stream-timing.ts";

/** What a proxy has said of itself. */
export type ConnectedProxy = {
  readonly dataPlane: DataPlaneKey;
  /** Pod name, as the proxy gives it. */
  readonly proxy: string;
  readonly version: string;
  /** When it introduced itself, on the clock that never goes back. */
  readonly sinceMs: number;
  /** Digest of the state that it applied last; absent before its first report. */
  readonly hash?: string;
  /** What became of the listeners of that state. */
  readonly listeners: Readonly<Record<string, ConfirmedListener>>;
};

export type ProxyConnectionOptions = {
  readonly stream: ServerHttp2Stream;
  readonly dataPlane: DataPlaneKey;
  /** When the proxy's certificate ends, and the connection with it. Milliseconds since the epoch. */
  readonly expiresMs: number;
  readonly timing: StreamTiming;
  readonly log: Logger;
  /** The proxy has introduced itself. */
  readonly onHello: () => void;
  readonly onReport: () => void;
  readonly onClose: () => void;
};

/** Longest delay that a timer takes. */
const maxTimerMs = 2 ** 31 - 1;
/** What is read of a proxy between two signs of life; it has to wait with the rest. Far more than reports come to. */
const bytesPerPing = maxProxyLineBytes;

/**
 * One proxy's stream at the controller. At most one message is on its way: a proxy that is slow gets the newest state after
 * it, not every one in between, so that memory stays bounded.
 */
export class ProxyConnection {
  readonly #options: ProxyConnectionOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #expiry: NodeJS.Timeout;
  #peer: ConnectedProxy | undefined;
  #helloHash: string | undefined;
  #target: PublishedState | undefined;
  #sent: PublishedState | undefined;
  #isWriting = false;
  readonly #openedMs = performance.now();
  #heardMs = this.#openedMs;
  #readableBytes = bytesPerPing;
  #isClosed = false;

  constructor(options: ProxyConnectionOptions) {
    this.#options = options;
    const { stream, timing, expiresMs } = options;
    const lines = new LineReader(maxProxyLineBytes, (line) => this.#onMessage(parseProxyMessage(line)));
    stream.on("data", (chunk: Buffer) => {
      this.#heardMs = performance.now();
      this.#readableBytes -= chunk.length;
      if (this.#readableBytes < 0) stream.pause();
      try {
        lines.push(chunk);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#giveUp(error.message);
      }
    });
    stream.on("end", () => this.close());
    stream.on("error", () => {});
    stream.on("close", () => this.#onClosed());
    this.#timer = setInterval(() => this.#checkAlive(), timing.pingMs);
    this.#expiry = setTimeout(() => this.close(), Math.min(Math.max(expiresMs - Date.now(), 0), maxTimerMs));
    this.#expiry.unref();
    stream.respond({ ":status": 200, "content-type": "application/x-ndjson" });
  }

  get dataPlane(): DataPlaneKey {
    return this.#options.dataPlane;
  }

  /** What the proxy has said of itself; `undefined` until it has introduced itself. */
  get peer(): ConnectedProxy | undefined {
    return this.#peer;
  }

  /** Brings the proxy to this state, now or after what is being sent. */
  offer(target: PublishedState): void {
    this.#target = target;
    this.#pump();
  }

  /** Ends the stream in good order; the proxy comes back, here or to another controller. */
  close(): void {
    const { stream } = this.#options;
    if (stream.closed || stream.destroyed) return;
    stream.end();
    stream.close();
  }

  #onMessage(message: ProxyMessage): void {
    if (message.kind === "ping") return;
    if (message.kind === "hello") {
      if (this.#peer !== undefined) throw new ProtocolError("the proxy introduced itself twice");
      const { proxy, version, hash } = message;
      this.#peer = { dataPlane: this.dataPlane, proxy, version, sinceMs: performance.now(), listeners: {} };
      this.#helloHash = hash;
      this.#options.onHello();
      this.#pump();
      return;
    }
    if (this.#peer === undefined) throw new ProtocolError("the proxy did not introduce itself");
    if (message.kind === "resync") {
      this.#sent = undefined;
      this.#pump();
      return;
    }
    this.#peer = { ...this.#peer, hash: message.hash, listeners: message.listeners };
    this.#options.onReport();
  }

  #pump(): void {
    const target = this.#target;
    if (this.#isWriting || this.#isClosed || this.#peer === undefined || target === undefined) return;
    // What the proxy brought along from before counts once.
    if (this.#sent === undefined && this.#helloHash === target.hash) this.#sent = target;
    else if (this.#sent === target) return;
    this.#helloHash = undefined;
    const line = target.lineFrom(this.#sent);
    this.#sent = target;
    this.#isWriting = true;
    this.#options.stream.write(line, () => {
      this.#isWriting = false;
      this.#pump();
    });
  }

  #checkAlive(): void {
    const { timing, stream } = this.#options;
    const nowMs = performance.now();
    if (nowMs - this.#heardMs > timing.silenceMs) {
      this.#giveUp(`it sent nothing for ${timing.silenceMs} ms`);
      return;
    }
    if (this.#peer === undefined && nowMs - this.#openedMs > timing.silenceMs) {
      this.#giveUp(`it did not introduce itself within ${timing.silenceMs} ms`);
      return;
    }
    this.#readableBytes = bytesPerPing;
    stream.resume();
    // A message on its way is a sign of life too, and nothing should wait behind it.
    if (!this.#isWriting && !stream.closed) stream.write(renderLine({ kind: "ping" }));
  }

  #giveUp(reason: string): void {
    const { stream, log } = this.#options;
    log.warn("The configuration stream to a proxy was closed.", {
      dataPlane: this.dataPlane,
      proxy: this.#peer?.proxy ?? "",
      reason,
    });
    stream.destroy();
  }

  #onClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#expiry);
    this.#options.onClose();
  }
}
