import { noTrailers } from "../../wire/head/no-trailers.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { Exchange } from "../exchange.ts";
import { type Mirror, startMirror } from "../mirror.ts";
import { ReplayBuffer } from "../replay-buffer.ts";
import type { MirrorRuntime } from "../route-runtime.ts";
import type { Upload } from "../upstream/uploads.ts";

/**
 * A request's body between the client and the backend: kept while it may have to be sent (again), copied to mirrors, and
 * stopped at the client while nobody takes it. Bytes are in the request's framing.
 */
export class HeldBody implements Upload {
  readonly buffer = new ReplayBuffer();
  /** The buffer holds the whole body so far: the request can be sent again. */
  replayable = false;
  /** The client has sent all of it. */
  complete = false;
  /** Behind a body without framing. */
  trailers: readonly HeaderField[] = noTrailers;
  readonly #exchange: Exchange;
  /** When some of it came last, or its head did; on the clock of `performance.now`. */
  #heardMs = 0;
  /** Copies of the request that wait for it to go out. */
  #copies: Mirror[] | undefined;
  #mirrors: Mirror[] | undefined;
  #paused = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Makes ready for the body of a request. */
  begin(): void {
    this.complete = this.#exchange.request.framing === "none";
    this.trailers = noTrailers;
    this.#heardMs = this.#exchange.record.startMs;
    this.#paused = false;
  }

  /** Some of it is there, or there is none. */
  get begun(): boolean {
    return this.complete || this.buffer.length > 0;
  }

  // What an endpoint has to know of an upload.

  get clientAddress(): string {
    return this.#exchange.record.clientAddress;
  }

  get waitingSinceMs(): number {
    const awaited = this.#exchange.phase === "sending" && !this.complete && !this.#paused;
    return awaited ? this.#heardMs : Number.POSITIVE_INFINITY;
  }

  giveWay(): void {
    this.#exchange.fail("bodyGaveWay");
  }

  /** Keeps the body from here on. */
  hold(): void {
    this.replayable = this.#exchange.request.framing !== "none";
  }

  /** The buffer no longer holds the whole body. */
  forget(): void {
    this.replayable = false;
    this.buffer.clear();
  }

  append(bytes: Buffer, start: number, end: number): void {
    this.#heardMs = performance.now();
    if (this.#mirrors !== undefined) for (const mirror of this.#mirrors) mirror.onBody(bytes, start, end);
    if (this.replayable) this.buffer.append(bytes, start, end);
  }

  /** Takes a copy of the request as it stands: what filters do to it from here on is not in it. */
  copyFor(runtime: MirrorRuntime): void {
    if (!runtime.choice.next()) return;
    const { request, context, peer } = this.#exchange;
    request.serialise("http1");
    const mirror = startMirror(runtime, request, { context, own: peer.upstreams });
    if (mirror === undefined) return;
    this.#copies ??= [];
    this.#copies.push(mirror);
  }

  /** Begins the copies: the request goes to its backend. */
  startMirrors(): void {
    this.#mirrors = this.#copies;
    this.#copies = undefined;
    if (this.#mirrors === undefined) return;
    for (const mirror of this.#mirrors) {
      if (this.buffer.length > 0) mirror.onBody(this.buffer.bytes, 0, this.buffer.length);
      if (this.complete) mirror.onEnd(this.trailers);
    }
  }

  /** The copies are complete. */
  endMirrors(): void {
    if (this.#mirrors !== undefined) for (const mirror of this.#mirrors) mirror.onEnd(this.trailers);
  }

  /** The request is over. */
  release(): void {
    this.forget();
    if (this.#copies !== undefined) {
      for (const mirror of this.#copies) mirror.discard();
      this.#copies = undefined;
    }
    if (this.#mirrors === undefined) return;
    for (const mirror of this.#mirrors) mirror.onRequestOver();
    this.#mirrors = undefined;
  }

  /** Nobody takes more for now: the client is read no further. */
  pause(): void {
    if (this.#paused || (this.complete && this.#exchange.phase !== "tunnel")) return;
    this.#paused = true;
    this.#exchange.responder.pauseRequest();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#heardMs = performance.now();
    this.#exchange.responder.resumeRequest();
  }
}
