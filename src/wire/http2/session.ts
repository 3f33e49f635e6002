/**
 * One HTTP/2 connection as a protocol: framing, streams, flow control, settings, and the limits that keep a peer honest.
 * RFC 9113. It knows no socket: bytes come in by `receive`, go out by `onOutput` when the owner calls `flush`, which it
 * does once per turn of the event loop so that all frames of a turn share one write.
 */
import { DataFlow } from "./data-flow.ts";
import {
  connectionPreface,
  errorCode,
  type FrameHeader,
  FrameReader,
  frameFlag,
  frameType,
  maxFrameBytes,
  maxWindow,
  readUint32,
} from "./frame.ts";
import { FrameOutput } from "./frame-output.ts";
import { HeaderBlockReader } from "./header-block-reader.ts";
import { HeaderBlockWriter } from "./header-block-writer.ts";
import type { HeaderField } from "./hpack-table.ts";
import { PeerFaults } from "./peer-faults.ts";
import type { PeerSettings, SessionCore } from "./session-core.ts";
import type { SessionEvents } from "./session-events.ts";
import type { SessionLimits } from "./session-limits.ts";
import { SettingsExchange } from "./settings-exchange.ts";
import type { Http2Stream } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

export type { SessionEvents } from "./session-events.ts";
export type { SessionLimits } from "./session-limits.ts";

export type SessionOptions = {
  readonly role: "server" | "client";
  readonly limits: SessionLimits;
  /** Monotonic milliseconds, for the abuse budget. */
  readonly now: () => number;
};

const emptyBuffer = Buffer.alloc(0);
/** Payload of the PING that follows our first GOAWAY: its answer says that the peer has read that. */
const drainPing = Buffer.from("draining", "latin1");
/** Payload of a PING that asks for a sign of life. */
const alivePing = Buffer.alloc(8);

export class Http2Session<Owner> {
  readonly role: "server" | "client";
  readonly limits: SessionLimits;
  readonly streams: Map<number, Http2Stream<Owner>>;
  /** What the peer allows us. */
  readonly peer: PeerSettings = {
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindow: 65_535,
    maxFrameBytes,
    connectProtocol: false,
  };
  /** Frames read so far; the parts of a header block count once. */
  framesRead = 0;
  readonly #events: SessionEvents<Owner>;
  readonly #output: FrameOutput;
  readonly #faults: PeerFaults;
  readonly #table: StreamTable<Owner>;
  readonly #flow: DataFlow<Owner>;
  readonly #blocks: HeaderBlockReader<Owner>;
  readonly #headers: HeaderBlockWriter;
  readonly #settings: SettingsExchange<Owner>;
  readonly #reader: FrameReader;
  #prefaceSeen: number;

  constructor(events: SessionEvents<Owner>, options: SessionOptions) {
    const { role, limits } = options;
    this.role = role;
    this.limits = limits;
    this.#events = events;
    this.#output = new FrameOutput(events);
    this.#faults = new PeerFaults(role, options.now);
    const core: SessionCore<Owner> = {
      role,
      limits,
      events,
      peer: this.peer,
      output: this.#output,
      faults: this.#faults,
    };
    this.#table = new StreamTable(this, core);
    this.streams = this.#table.open;
    this.#flow = new DataFlow(core, this.#table);
    this.#blocks = new HeaderBlockReader(core, this.#table);
    this.#headers = new HeaderBlockWriter(this.#output);
    this.#settings = new SettingsExchange(core, this.#flow, this.#headers);
    this.#reader = new FrameReader(this);
    this.#prefaceSeen = role === "server" ? 0 : connectionPreface.length;
  }

  /** A connection error happened or its owner gave it up: nothing more is read or sent. */
  get dead(): boolean {
    return this.#faults.dead;
  }

  set dead(dead: boolean) {
    this.#faults.dead = dead;
  }

  /** Sends our preface and settings; call once, before anything else. */
  start(): void {
    if (this.role === "client") {
      const at = this.#output.reserve(connectionPreface.length);
      this.#output.end = at + connectionPreface.copy(this.#output.buffer, at);
    }
    this.#settings.announce();
  }

  // ---- receiving

  /** The peer is in the middle of something that it owes us soon: its preface, a header block, any frame but DATA. */
  get midway(): boolean {
    return this.#prefaceSeen < connectionPreface.length || this.#blocks.midway || this.#reader.midway;
  }

  /** The peer's settings are known. */
  get settled(): boolean {
    return this.#settings.settled;
  }

  /** Takes bytes from the peer. */
  receive(bytes: Buffer, start: number, end: number): void {
    if (this.dead) return;
    let at = start;
    if (this.#prefaceSeen < connectionPreface.length) {
      const length = Math.min(connectionPreface.length - this.#prefaceSeen, end - at);
      if (bytes.compare(connectionPreface, this.#prefaceSeen, this.#prefaceSeen + length, at, at + length) !== 0) {
        this.#fail(errorCode.protocolError, "the connection does not begin with the HTTP/2 preface");
        return;
      }
      this.#prefaceSeen += length;
      at += length;
    }
    const code = this.#reader.push(bytes, at, end);
    if (code !== 0) this.#fail(code, this.#faults.reason);
  }

  /** Called by the frame reader. */
  onFrame(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    const faults = this.#faults;
    if (faults.dead) return 0;
    faults.clearReason();
    if (header.type !== frameType.continuation) this.framesRead++;
    if (!this.#settings.settled && header.type !== frameType.settings) {
      return faults.refuse(errorCode.protocolError, "the first frame is not SETTINGS");
    }
    if (this.#blocks.isInterruptedBy(header)) {
      return faults.refuse(errorCode.protocolError, "a header block was interrupted");
    }
    switch (header.type) {
      case frameType.data:
        return this.#flow.onData(header, bytes, start, end);
      case frameType.headers:
        return this.#blocks.onHeaders(header, bytes, start, end);
      case frameType.priority:
        return this.#table.onPriority(header, bytes, start);
      case frameType.rstStream:
        return this.#table.onRstStream(header, bytes, start);
      case frameType.settings:
        return this.#settings.onSettings(header, bytes, start, end);
      case frameType.pushPromise:
        return faults.refuse(errorCode.protocolError, "PUSH_PROMISE, which we do not take");
      case frameType.ping:
        return this.#onPing(header, bytes, start);
      case frameType.goaway:
        return this.#onGoaway(header, bytes, start);
      case frameType.windowUpdate:
        return this.#flow.onWindowUpdate(header, bytes, start);
      case frameType.continuation:
        return this.#blocks.onContinuation(header, bytes, start, end);
      default:
        return faults.spendControl();
    }
  }

  #onPing(header: FrameHeader, bytes: Buffer, start: number): number {
    const faults = this.#faults;
    if (header.streamId !== 0) return faults.refuse(errorCode.protocolError, "PING on a stream");
    if (header.length !== 8) return faults.refuse(errorCode.frameSizeError, "PING of a wrong size");
    if ((header.flags & frameFlag.ack) !== 0) {
      if (this.#table.ending === "announced" && bytes.compare(drainPing, 0, 8, start, start + 8) === 0) {
        this.goaway(errorCode.noError);
      }
    } else {
      this.#output.ping(frameFlag.ack, bytes, start);
      return faults.spendAnswer();
    }
    return faults.spendControl();
  }

  #onGoaway(header: FrameHeader, bytes: Buffer, start: number): number {
    const faults = this.#faults;
    if (header.streamId !== 0) return faults.refuse(errorCode.protocolError, "GOAWAY on a stream");
    if (header.length < 8) return faults.refuse(errorCode.frameSizeError, "GOAWAY of a wrong size");
    this.#events.onGoaway(readUint32(bytes, start) & maxWindow, readUint32(bytes, start + 4));
    return faults.spendControl();
  }

  // ---- streams

  /** Opens a stream of our own (client); `undefined` when the identifiers are used up. The peer's limit is the caller's to keep. */
  open(owner: Owner): Http2Stream<Owner> | undefined {
    return this.dead ? undefined : this.#table.addLocal(owner);
  }

  /** Breaks the stream off. The peer's share in it counts as abuse when `blame` is given: its message was malformed. */
  reset(stream: Http2Stream<Owner>, code: number, blame?: "peer"): void {
    if (this.dead || !this.streams.has(stream.id)) return;
    this.#table.reset(stream, code);
    if (blame === "peer" && !this.#faults.spendMalformed())
      this.#fail(errorCode.enhanceYourCalm, "too many malformed messages");
  }

  // ---- sending

  /**
   * Sends a header block; returns its size in bytes, frames included. The fields are valid and lower case: the caller has
   * checked.
   */
  sendHeaders(stream: Http2Stream<Owner>, fields: readonly HeaderField[], endStream: boolean): number {
    if (this.dead || stream.local === "closed") return 0;
    const sentBytes = this.#headers.send(stream.id, fields, endStream);
    if (endStream) this.#table.endLocal(stream);
    return sentBytes;
  }

  /** Bytes that `sendData` would take now. */
  writable(stream: Http2Stream<Owner>): number {
    return this.#flow.writable(stream);
  }

  /**
   * Sends as much of `bytes[start, end)` as the windows allow and returns the offset reached. Short of `end`, `onWritable`
   * follows. `endStream` goes with the last byte (also of an empty range).
   */
  sendData(stream: Http2Stream<Owner>, bytes: Buffer, start: number, end: number, endStream: boolean): number {
    return this.#flow.send(stream, bytes, start, end, endStream);
  }

  /** Ends our side without further payload. */
  sendEnd(stream: Http2Stream<Owner>): void {
    this.#flow.send(stream, emptyBuffer, 0, 0, true);
  }

  /** Payload was used: the peer may send as much again. Announced in steps of half a window. */
  consume(stream: Http2Stream<Owner>, bytes: number): void {
    this.#flow.consume(stream, bytes);
  }

  /** Payload was thrown away: its place in the connection's window is free again, that in its stream's is not. */
  discard(bytes: number): void {
    this.#flow.discard(bytes);
  }

  /**
   * Ends the connection without losing a request: says that the end is near, and takes what the peer sent before it could
   * know. Its answer to a PING, or {@link goaway}, draws the line. RFC 9113 section 6.8.
   */
  announceEnd(): void {
    if (this.dead || this.#table.ending !== "no") return;
    this.#table.ending = "announced";
    this.#output.goaway(maxWindow, errorCode.noError);
    this.#output.ping(0, drainPing, 0);
  }

  /** Asks the peer for a sign of life. */
  ping(): void {
    if (!this.dead) this.#output.ping(0, alivePing, 0);
  }

  /** No further stream is taken: the connection may be closed once `streams` is empty. */
  get ended(): boolean {
    return this.#table.ending === "final";
  }

  /** Says that no further stream will be taken; those under way go on. RFC 9113 section 6.8. */
  goaway(code: number): void {
    if (this.dead || this.#table.ending === "final") return;
    this.#table.ending = "final";
    this.#output.goaway(this.#table.highestRemoteId, code);
    this.#events.onEnding();
  }

  #fail(code: number, reason: string): void {
    if (this.dead) return;
    this.#output.goaway(this.#table.highestRemoteId, code);
    this.dead = true;
    this.#events.onConnectionError(code, reason);
  }

  /** Hands over all frames that were put together since the last time. */
  flush(): void {
    this.#output.flush();
  }

  /** The peer has taken everything that was handed over so far. */
  onTaken(): void {
    this.#faults.onAnswersTaken();
  }
}
