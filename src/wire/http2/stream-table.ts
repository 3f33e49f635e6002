import { errorCode, type FrameHeader, maxWindow, readUint32 } from "./frame.ts";
import { LateStreams } from "./late-streams.ts";
import type { Http2Session } from "./session.ts";
import type { SessionCore } from "./session-core.ts";
import { Http2Stream } from "./stream.ts";

/** The streams of a session, from the first frame to the last of each. RFC 9113 section 5.1. */
export class StreamTable<Owner> {
  /** Those that are not over, by identifier. */
  readonly open = new Map<number, Http2Stream<Owner>>();
  /** The last stream that the peer opened; 0 before the first. */
  highestRemoteId = 0;
  /** `announced`: the peer knows that the end is near, and may not have known when it sent what still comes. */
  ending: "no" | "announced" | "final" = "no";
  readonly late: LateStreams;
  readonly #session: Http2Session<Owner>;
  readonly #core: SessionCore<Owner>;
  #nextLocalId: number;

  constructor(session: Http2Session<Owner>, core: SessionCore<Owner>) {
    this.#session = session;
    this.#core = core;
    this.late = new LateStreams(core.limits.maxConcurrentStreams);
    this.#nextLocalId = core.role === "server" ? 2 : 1;
  }

  /** Whether the stream was never opened by its owner. */
  isIdle(streamId: number): boolean {
    const remote = (streamId & 1) === (this.#core.role === "server" ? 1 : 0);
    return remote ? streamId > this.highestRemoteId : streamId >= this.#nextLocalId;
  }

  /** Whether the peer may open no stream for now: the end is announced for good, or it has all that the limits allow. */
  get full(): boolean {
    return this.ending === "final" || this.open.size >= this.#core.limits.maxConcurrentStreams;
  }

  /** Adds a stream under its identifier. */
  add(id: number): Http2Stream<Owner> {
    const stream = new Http2Stream<Owner>(this.#session, id, {
      send: this.#core.peer.initialWindow,
      receive: this.#core.limits.streamWindowBytes,
    });
    this.open.set(id, stream);
    return stream;
  }

  /** Adds a stream of our own; `undefined` when the identifiers are used up. */
  addLocal(owner: Owner): Http2Stream<Owner> | undefined {
    if (this.#nextLocalId > maxWindow) return undefined;
    const stream = this.add(this.#nextLocalId);
    this.#nextLocalId += 2;
    stream.owner = owner;
    return stream;
  }

  /** The peer's side is over. */
  endRemote(stream: Http2Stream<Owner>): void {
    if (stream.remote === "closed") return;
    stream.remote = "closed";
    this.#core.events.onEnd(stream);
    this.forgetClosed(stream);
  }

  /** Our side is over. */
  endLocal(stream: Http2Stream<Owner>): void {
    stream.local = "closed";
    this.forgetClosed(stream);
  }

  /** Takes the stream out when both sides are over. */
  forgetClosed(stream: Http2Stream<Owner>): void {
    if (stream.closed && this.open.delete(stream.id)) this.#core.faults.creditFinished();
  }

  /** Breaks the stream off from our side, whatever its state. RFC 9113 section 5.4.2. */
  reset(stream: Http2Stream<Owner>, code: number): void {
    if (stream.remote === "open") this.late.add(stream.id, stream.receiveWindow);
    this.#drop(stream);
    this.#core.output.resetStream(stream.id, code);
  }

  /** Breaks off a stream that was never taken: the peer may try it again. RFC 9113 section 8.7. */
  refuse(streamId: number, endStream: boolean): number {
    if (!endStream) this.late.add(streamId, this.#core.limits.streamWindowBytes);
    this.#core.output.resetStream(streamId, errorCode.refusedStream);
    return this.#core.faults.spendAnswer();
  }

  /** Takes the stream out, whatever its state. */
  #drop(stream: Http2Stream<Owner>): void {
    stream.remote = "closed";
    stream.local = "closed";
    this.open.delete(stream.id);
  }

  /**
   * Breaks the stream off because of what the peer sent on it, and counts that; the code is that of the connection error,
   * or 0. RFC 9113 section 5.4.2.
   */
  fail(stream: Http2Stream<Owner>, code: number): number {
    this.reset(stream, code);
    this.#core.events.onReset(stream, code);
    return this.#core.faults.afterReset();
  }

  /** Takes a PRIORITY frame, of which only the faults matter to us. RFC 9113 section 5.3.2. */
  onPriority(header: FrameHeader, bytes: Buffer, start: number): number {
    const { faults, output } = this.#core;
    if (header.streamId === 0) return faults.refuse(errorCode.protocolError, "PRIORITY on stream 0");
    const stream = this.open.get(header.streamId);
    const wrongSize = header.length !== 5;
    if (wrongSize || (readUint32(bytes, start) & maxWindow) === header.streamId) {
      const code = wrongSize ? errorCode.frameSizeError : errorCode.protocolError;
      if (stream !== undefined) return this.fail(stream, code);
      if (!this.late.has(header.streamId)) output.resetStream(header.streamId, code);
      return faults.afterReset();
    }
    return faults.spendControl();
  }

  /** Takes an RST_STREAM frame. RFC 9113 section 6.4. */
  onRstStream(header: FrameHeader, bytes: Buffer, start: number): number {
    const { faults, events } = this.#core;
    if (header.length !== 4) return faults.refuse(errorCode.frameSizeError, "RST_STREAM of a wrong size");
    if (header.streamId === 0 || this.isIdle(header.streamId)) {
      return faults.refuse(errorCode.protocolError, "RST_STREAM on stream 0 or an idle stream");
    }
    const stream = this.open.get(header.streamId);
    if (stream === undefined) return this.late.delete(header.streamId) ? 0 : faults.spendControl();
    this.#drop(stream);
    events.onReset(stream, readUint32(bytes, start));
    return faults.afterReset();
  }
}
