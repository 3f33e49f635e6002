import { noTrailers } from "../../wire/head/no-trailers.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { ProxyErrorKind } from "../error.ts";
import { contentOf, ReplayBuffer } from "../replay-buffer.ts";
import type { Responder } from "../responder.ts";
import type { Upload } from "../upstream/uploads.ts";
import type { ExchangeState } from "./exchange-state.ts";

/** What a held body needs of its exchange. */
export interface HeldBodyHost {
  readonly state: Pick<ExchangeState, "phase" | "request" | "startMs">;
  readonly responder: Pick<Responder, "pauseRequest" | "resumeRequest">;
  /** Of the client, as far as it can be trusted. */
  readonly clientAddress: string;
  fail(kind: ProxyErrorKind): void;
}

/** Who wants no more of the client for now, as bits. */
const pausers = { endpoint: 1, filter: 2 } as const;
export type Pauser = keyof typeof pausers;

/**
 * A request's body between the client and the backend: kept while it may have to be sent (again), and stopped at the client
 * while nobody takes it. Bytes are in the request's framing.
 */
export class HeldBody implements Upload {
  readonly buffer = new ReplayBuffer();
  /** The buffer holds the whole body so far: the request can be sent again. */
  replayable = false;
  /** All of it is here, or has been sent. */
  complete = false;
  /** Behind a body without framing. */
  trailers: readonly HeaderField[] = noTrailers;
  readonly #host: HeldBodyHost;
  /** When some of it came last, or its head did; on the clock of `performance.now`. */
  #heardMs = 0;
  /** Bits of {@link pausers}. */
  #paused = 0;

  constructor(host: HeldBodyHost) {
    this.#host = host;
  }

  /** Makes ready for the body of a request. */
  begin(): void {
    const { request, startMs } = this.#host.state;
    this.complete = request.framing === "none";
    this.trailers = noTrailers;
    this.#heardMs = startMs;
    this.#paused = 0;
  }

  /** Some of it is there, or there is none. */
  get begun(): boolean {
    return this.complete || this.buffer.length > 0;
  }

  // What an endpoint has to know of an upload.

  get clientAddress(): string {
    return this.#host.clientAddress;
  }

  get waitingSinceMs(): number {
    const awaited = this.#host.state.phase === "sending" && !this.complete && this.#paused === 0;
    return awaited ? this.#heardMs : Number.POSITIVE_INFINITY;
  }

  giveWay(): void {
    this.#host.fail("bodyGaveWay");
  }

  /** Keeps the body from here on. */
  hold(): void {
    this.replayable = this.#host.state.request.framing !== "none";
  }

  /** The buffer no longer holds the whole body. */
  forget(): void {
    this.replayable = false;
    this.buffer.clear();
  }

  append(bytes: Buffer, start: number, end: number): void {
    this.#heardMs = performance.now();
    if (this.replayable) this.buffer.append(bytes, start, end);
  }

  /** What is kept of it, without framing. */
  content(): Buffer {
    return contentOf(this.buffer, this.#host.state.request.framing);
  }

  /** Puts other content in the place of a whole one. */
  replace(content: Buffer): void {
    this.#host.state.request.setContentLength(content.length);
    this.trailers = noTrailers;
    this.buffer.clear();
    this.buffer.append(content, 0, content.length);
    this.hold();
  }

  /** Takes what is kept out of the buffer. */
  takeOut(): Buffer {
    const taken = Buffer.from(this.buffer.bytes.subarray(0, this.buffer.length));
    this.buffer.clear();
    return taken;
  }

  /** The request is over. */
  release(): void {
    this.forget();
  }

  /** Nobody takes more for now: the client is read no further. */
  pause(who: Pauser): void {
    const { phase } = this.#host.state;
    if (this.complete && phase !== "tunnel") return;
    const before = this.#paused;
    this.#paused |= pausers[who];
    if (before === 0) this.#host.responder.pauseRequest();
  }

  /** The client is read on, if nobody else wants it paused. */
  resume(who: Pauser): void {
    if ((this.#paused & pausers[who]) === 0) return;
    this.#paused &= ~pausers[who];
    if (this.#paused !== 0) return;
    this.#heardMs = performance.now();
    this.#host.responder.resumeRequest();
  }
}
