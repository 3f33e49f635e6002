/**
 * One HTTP/2 connection as a protocol: framing, streams, flow control, settings, and the limits that keep a peer honest.
 * RFC 9113. It knows no socket: bytes come in by `receive`, go out by `onOutput` when the owner calls `flush`, which it
 * does once per turn of the event loop so that all frames of a turn share one write.
 */
import { AbuseBudget } from "./abuse-budget.ts";
import {
  connectionPreface,
  errorCode,
  type FrameHeader,
  FrameReader,
  frameFlag,
  frameHeaderBytes,
  frameType,
  maxFrameBytes,
  maxWindow,
  readUint32,
  settingId,
  writeFrameHeader,
  writeUint32,
} from "./frame.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { fieldBound, HpackEncoder } from "./hpack-encoder.ts";
import type { HeaderField } from "./hpack-table.ts";
import { Http2Stream } from "./stream.ts";

export type SessionLimits = {
  /** Streams that the peer may have open at a time. */
  readonly maxConcurrentStreams: number;
  /** Receive window of a stream, in bytes. */
  readonly streamWindowBytes: number;
  /** Receive window of the connection, in bytes. */
  readonly connectionWindowBytes: number;
  /** Of one header block, uncompressed, as the specification counts it (name + value + 32 each), in bytes. */
  readonly headerListBytes: number;
  readonly headerCount: number;
  /** Frames that one header block may be spread over. */
  readonly continuationFrames: number;
};

export const defaultSessionLimits: SessionLimits = {
  maxConcurrentStreams: 100,
  streamWindowBytes: 65_536,
  connectionWindowBytes: 1_048_576,
  headerListBytes: 61_440,
  headerCount: 100,
  continuationFrames: 8,
};

export interface SessionEvents<Owner> {
  /** A header block that begins a message: a request (server), an interim or final response (client). */
  onHeaders(stream: Http2Stream<Owner>, block: readonly HeaderField[], endStream: boolean): void;
  /** A block behind the body; the message is over. */
  onTrailers(stream: Http2Stream<Owner>, block: readonly HeaderField[]): void;
  /** Payload, valid during the call. Give back what was used with `consume`. */
  onData(stream: Http2Stream<Owner>, bytes: Buffer, start: number, end: number): void;
  /** The peer's side is over (after the last `onData`; with `onTrailers` and `endStream` it is implied). */
  onEnd(stream: Http2Stream<Owner>): void;
  /** The stream broke: reset by the peer, or by us because of what the peer sent. Nothing more comes of it. */
  onReset(stream: Http2Stream<Owner>, code: number): void;
  /** After a short `sendData`: there is window again. */
  onWritable(stream: Http2Stream<Owner>): void;
  /** The header list is larger than the limits; the stream is still there to be answered (server: 431). */
  onHeadersTooLarge(stream: Http2Stream<Owner>, endStream: boolean): void;
  /** Our final GOAWAY is on its way: no stream comes after those that are open. */
  onEnding(): void;
  /** The peer will take no new streams; those above `lastStreamId` were not processed. */
  onGoaway(lastStreamId: number, code: number): void;
  /** The connection broke its rules: `flush`, then close. Streams get no events of their own. */
  onConnectionError(code: number, reason: string): void;
  /** There is something to `flush`. Called once until then. */
  onDirty(): void;
  /** Bytes for the peer. True: the buffer may be reused at once. */
  onOutput(buffer: Buffer, start: number, end: number): boolean;
}

export type SessionOptions = {
  readonly role: "server" | "client";
  readonly limits: SessionLimits;
  /** Monotonic milliseconds, for the abuse budget. */
  readonly now: () => number;
};

/** A block under way, until END_HEADERS. */
type HeaderBlock = {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly parts: Buffer[];
  bytes: number;
  frames: number;
};

const outputBytes = 65_536;
const emptyBuffer = Buffer.alloc(0);
/** Output buffers that no session uses at the moment: one holds a buffer only between its first frame and its flush. */
const spareOutputs: Buffer[] = [];
const maxSpareOutputs = 16;
/** A header list this many times the limit is no long cookie but a decompression bomb. */
const bombFactor = 4;
/** SETTINGS entries that cost as much as one control frame. */
const settingsPerSpend = 4;
/** Payload of the PING that follows our first GOAWAY: its answer says that the peer has read that. */
const drainPing = Buffer.from("draining", "latin1");

export class Http2Session<Owner> {
  readonly role: "server" | "client";
  readonly limits: SessionLimits;
  readonly streams = new Map<number, Http2Stream<Owner>>();
  /** What the peer allows us. */
  readonly peer = {
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindow: 65_535,
    maxFrameBytes,
    connectProtocol: false,
  };
  /** A connection error happened or GOAWAY ended it: nothing more is read or sent. */
  dead = false;
  #events: SessionEvents<Owner>;
  #reader: FrameReader;
  #decoder = new HpackDecoder();
  #encoder = new HpackEncoder();
  #budget: AbuseBudget;
  #prefaceSeen: number;
  #settingsSeen = false;
  #highestRemoteId = 0;
  #nextLocalId: number;
  #sendWindow = 65_535;
  #receiveWindow: number;
  #unannounced = 0;
  /** Streams that wait for connection window, in order. */
  #blocked: Http2Stream<Owner>[] = [];
  /** A header block under way: CONTINUATION is due. */
  #block: HeaderBlock | undefined;
  /** `announced`: the peer knows that the end is near, and may not have known when it sent what still comes. */
  #ending: "no" | "announced" | "final" = "no";
  #out: Buffer = emptyBuffer;
  #outEnd = 0;
  #dirty = false;

  constructor(events: SessionEvents<Owner>, options: SessionOptions) {
    this.#events = events;
    this.role = options.role;
    this.limits = options.limits;
    this.#budget = new AbuseBudget(options.now);
    this.#reader = new FrameReader(this);
    this.#prefaceSeen = options.role === "server" ? 0 : connectionPreface.length;
    this.#nextLocalId = options.role === "server" ? 2 : 1;
    this.#receiveWindow = options.limits.connectionWindowBytes;
  }

  /** Sends our preface and settings; call once, before anything else. */
  start(): void {
    if (this.role === "client") {
      this.#reserve(connectionPreface.length);
      this.#outEnd += connectionPreface.copy(this.#out, this.#outEnd);
    }
    this.#sendSettings();
  }

  // ---- receiving

  /** Frames read so far; the parts of a header block count once. */
  framesRead = 0;

  /** The peer is in the middle of something that it owes us soon: its preface, a header block, any frame but DATA. */
  get midway(): boolean {
    return this.#prefaceSeen < connectionPreface.length || this.#block !== undefined || this.#reader.midway;
  }

  /** The peer's settings are known. */
  get settled(): boolean {
    return this.#settingsSeen;
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
    if (code !== 0) this.#fail(code, this.#reason);
  }

  /** Why the frame under way is refused. */
  #reason = "malformed frame";

  #refuse(code: number, reason: string): number {
    this.#reason = reason;
    return code;
  }

  /** Called by the frame reader. */
  onFrame(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    if (this.dead) return 0;
    this.#reason = "malformed frame";
    if (header.type !== frameType.continuation) this.framesRead++;
    if (!this.#settingsSeen && header.type !== frameType.settings) {
      return this.#refuse(errorCode.protocolError, "the first frame is not SETTINGS");
    }
    if (
      this.#block !== undefined &&
      (header.type !== frameType.continuation || header.streamId !== this.#block.streamId)
    ) {
      return this.#refuse(errorCode.protocolError, "a header block was interrupted");
    }
    switch (header.type) {
      case frameType.data:
        return this.#onData(header, bytes, start, end);
      case frameType.headers:
        return this.#onHeaders(header, bytes, start, end);
      case frameType.priority:
        return this.#onPriority(header, bytes, start);
      case frameType.rstStream:
        return this.#onRstStream(header, bytes, start);
      case frameType.settings:
        return this.#onSettings(header, bytes, start, end);
      case frameType.pushPromise:
        return this.#refuse(errorCode.protocolError, "PUSH_PROMISE, which we do not take");
      case frameType.ping:
        return this.#onPing(header, bytes, start);
      case frameType.goaway:
        return this.#onGoaway(header, bytes, start);
      case frameType.windowUpdate:
        return this.#onWindowUpdate(header, bytes, start);
      case frameType.continuation:
        return this.#onContinuation(header, bytes, start, end);
      default:
        return this.#spendControl();
    }
  }

  #spendControl(amount = 1): number {
    return this.#budget.spend("control", amount)
      ? 0
      : this.#refuse(errorCode.enhanceYourCalm, "too many control frames");
  }

  /** Payload without padding; a negative end says that the padding is malformed. RFC 9113 section 6.1. */
  #unpad(header: FrameHeader, bytes: Buffer, start: number, end: number): readonly [start: number, end: number] {
    if ((header.flags & frameFlag.padded) === 0) return [start, end];
    if (start === end) return [start, -1];
    const padding = bytes[start] as number;
    return padding > end - start - 1 ? [start, -1] : [start + 1, end - padding];
  }

  /** Whether the stream was never opened by its owner. */
  #isIdle(streamId: number): boolean {
    const remote = (streamId & 1) === (this.role === "server" ? 1 : 0);
    return remote ? streamId > this.#highestRemoteId : streamId >= this.#nextLocalId;
  }

  #onData(header: FrameHeader, bytes: Buffer, frameStart: number, frameEnd: number): number {
    if (header.streamId === 0) return this.#refuse(errorCode.protocolError, "DATA on stream 0");
    if (this.#isIdle(header.streamId)) return this.#refuse(errorCode.protocolError, "DATA on an idle stream");
    const [start, end] = this.#unpad(header, bytes, frameStart, frameEnd);
    if (end < 0) return this.#refuse(errorCode.protocolError, "padding longer than its frame");
    this.#receiveWindow -= header.length;
    if (this.#receiveWindow < 0)
      return this.#refuse(errorCode.flowControlError, "more DATA than the connection's window");
    const endStream = (header.flags & frameFlag.endStream) !== 0;
    const stream = this.streams.get(header.streamId);
    if (stream === undefined || stream.remote === "closed") {
      this.#giveBack(header.length);
      if (stream !== undefined) {
        this.#streamError(stream, errorCode.streamClosed);
        return this.#afterReset();
      }
      // What a server had under way when we gave the stream up is no fault of its own.
      if (this.role === "client") return 0;
      this.#writeReset(header.streamId, errorCode.streamClosed);
      return this.#spendControl();
    }
    if (!stream.sawHeaders) return this.#refuse(errorCode.protocolError, "DATA before the final header block");
    stream.receiveWindow -= header.length;
    if (stream.receiveWindow < 0) {
      this.#giveBack(header.length);
      this.#streamError(stream, errorCode.flowControlError);
      return this.#afterReset();
    }
    const padding = header.length - (end - start);
    if (padding > 0) this.consume(stream, padding);
    if (end > start) {
      this.#budget.credit("control", 1);
      this.#events.onData(stream, bytes, start, end);
    } else if (!endStream) {
      const code = this.#spendControl();
      if (code !== 0) return code;
    }
    if (endStream) this.#endRemote(stream);
    return 0;
  }

  #endRemote(stream: Http2Stream<Owner>): void {
    if (stream.remote === "closed") return;
    stream.remote = "closed";
    this.#events.onEnd(stream);
    this.#forgetClosed(stream);
  }

  #onHeaders(header: FrameHeader, bytes: Buffer, frameStart: number, frameEnd: number): number {
    if (header.streamId === 0) return this.#refuse(errorCode.protocolError, "HEADERS on stream 0");
    let [start, end] = this.#unpad(header, bytes, frameStart, frameEnd);
    if (end < 0) return this.#refuse(errorCode.protocolError, "padding longer than its frame");
    let selfDependent = false;
    if (header.flags & frameFlag.priority) {
      if (end - start < 5) return this.#refuse(errorCode.frameSizeError, "HEADERS without room for its priority");
      selfDependent = (readUint32(bytes, start) & maxWindow) === header.streamId;
      start += 5;
    }
    const known = this.streams.get(header.streamId);
    if (known === undefined) {
      const idle = this.#isIdle(header.streamId);
      if (!idle && this.role === "server") {
        return this.#refuse(errorCode.streamClosed, "HEADERS on a closed stream");
      }
      if (idle && (this.role === "client" || (header.streamId & 1) === 0)) {
        return this.#refuse(errorCode.protocolError, "HEADERS on a stream that the peer may not open");
      }
      if (idle) this.#highestRemoteId = header.streamId;
    } else if (known.remote === "closed") {
      return this.#refuse(errorCode.streamClosed, "HEADERS behind the end of the stream");
    }
    this.#block = {
      streamId: header.streamId,
      endStream: (header.flags & frameFlag.endStream) !== 0,
      parts: [],
      bytes: 0,
      frames: 0,
    };
    if (selfDependent) this.#selfDependent = true;
    return this.#addToBlock(header, bytes, start, end);
  }

  #selfDependent = false;

  #onContinuation(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    if (this.#block === undefined) return this.#refuse(errorCode.protocolError, "CONTINUATION without HEADERS");
    return this.#addToBlock(header, bytes, start, end);
  }

  #addToBlock(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    const block = this.#block as HeaderBlock;
    block.frames++;
    block.bytes += end - start;
    // Twice the limit, so that a list somewhat too long is still answered instead of ending the connection.
    if (block.frames > this.limits.continuationFrames || block.bytes > 2 * this.limits.headerListBytes) {
      return this.#refuse(errorCode.enhanceYourCalm, "a header block over too many frames or bytes");
    }
    if (header.flags & frameFlag.endHeaders) {
      this.#block = undefined;
      if (block.parts.length === 0) return this.#onBlock(block.streamId, block.endStream, [bytes, start, end]);
      block.parts.push(bytes.subarray(start, end));
      const whole = Buffer.concat(block.parts);
      return this.#onBlock(block.streamId, block.endStream, [whole, 0, whole.length]);
    }
    block.parts.push(Buffer.from(bytes.subarray(start, end)));
    return 0;
  }

  #onBlock(streamId: number, endStream: boolean, [bytes, start, end]: readonly [Buffer, number, number]): number {
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let tooLarge = false;
    const decoded = this.#decoder.decode(bytes, start, end, (field) => {
      listBytes += field.name.length + field.value.length + 32;
      tooLarge ||= listBytes > this.limits.headerListBytes || fields.length >= this.limits.headerCount;
      if (!tooLarge) fields.push(field);
      return listBytes <= bombFactor * this.limits.headerListBytes;
    });
    if (!decoded) return this.#refuse(errorCode.compressionError, "a header block that does not decode");
    if (listBytes > bombFactor * this.limits.headerListBytes) {
      return this.#refuse(errorCode.enhanceYourCalm, "a header block that decodes to far more than the limit");
    }
    const selfDependent = this.#selfDependent;
    this.#selfDependent = false;
    let stream = this.streams.get(streamId);
    if (stream === undefined) {
      // An answer that crossed our reset: decoded, since every block counts for those behind it, and left alone.
      if (this.role === "client") return 0;
      // Refused before it costs anything but its header block, and safe for the peer to try again. RFC 9113 section 8.7.
      if (this.#ending === "final" || this.streams.size >= this.limits.maxConcurrentStreams) {
        this.#writeReset(streamId, errorCode.refusedStream);
        return this.#spendControl();
      }
      stream = this.#addStream(streamId);
    }
    if (selfDependent) {
      this.#streamError(stream, errorCode.protocolError);
      return this.#afterReset();
    }
    return this.#deliver(stream, fields, { endStream, tooLarge });
  }

  #deliver(
    stream: Http2Stream<Owner>,
    fields: readonly HeaderField[],
    { endStream, tooLarge }: { readonly endStream: boolean; readonly tooLarge: boolean },
  ): number {
    if (stream.sawHeaders) {
      // A second block is the trailers, which end the stream. RFC 9113 section 8.1.
      if (!endStream || tooLarge) {
        this.#streamError(stream, errorCode.protocolError);
        return this.#afterReset();
      }
      stream.remote = "closed";
      this.#events.onTrailers(stream, fields);
      this.#forgetClosed(stream);
      return 0;
    }
    const interim = this.role === "client" && fields[0]?.name === ":status" && fields[0].value.startsWith("1");
    if (!interim) stream.sawHeaders = true;
    if (endStream) stream.remote = "closed";
    if (tooLarge) this.#events.onHeadersTooLarge(stream, endStream);
    else this.#events.onHeaders(stream, fields, endStream);
    this.#forgetClosed(stream);
    return tooLarge ? this.#afterReset() : 0;
  }

  #onPriority(header: FrameHeader, bytes: Buffer, start: number): number {
    if (header.streamId === 0) return this.#refuse(errorCode.protocolError, "PRIORITY on stream 0");
    const stream = this.streams.get(header.streamId);
    const wrongSize = header.length !== 5;
    if (wrongSize || (readUint32(bytes, start) & maxWindow) === header.streamId) {
      const code = wrongSize ? errorCode.frameSizeError : errorCode.protocolError;
      if (stream === undefined) this.#writeReset(header.streamId, code);
      else this.#streamError(stream, code);
      return this.#afterReset();
    }
    return this.#spendControl();
  }

  #onRstStream(header: FrameHeader, bytes: Buffer, start: number): number {
    if (header.length !== 4) return this.#refuse(errorCode.frameSizeError, "RST_STREAM of a wrong size");
    if (header.streamId === 0 || this.#isIdle(header.streamId)) {
      return this.#refuse(errorCode.protocolError, "RST_STREAM on stream 0 or an idle stream");
    }
    const stream = this.streams.get(header.streamId);
    if (stream === undefined) return this.#spendControl();
    this.#drop(stream);
    this.#events.onReset(stream, readUint32(bytes, start));
    return this.#afterReset();
  }

  #onSettings(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    if (header.streamId !== 0) return this.#refuse(errorCode.protocolError, "SETTINGS on a stream");
    if (header.flags & frameFlag.ack) {
      return header.length === 0
        ? this.#spendControl()
        : this.#refuse(errorCode.frameSizeError, "SETTINGS ACK with a payload");
    }
    if (header.length % 6 !== 0) return this.#refuse(errorCode.frameSizeError, "SETTINGS of a wrong size");
    // Every entry may mean work for every stream.
    const code = this.#spendControl(1 + Math.floor(header.length / (6 * settingsPerSpend)));
    if (code !== 0) return code;
    this.#settingsSeen = true;
    for (let at = start; at < end; at += 6) {
      const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      const code = this.#onSetting(id, readUint32(bytes, at + 2));
      if (code !== 0) return code;
    }
    this.#frame({ length: 0, type: frameType.settings, flags: frameFlag.ack, streamId: 0 });
    return 0;
  }

  #onSetting(id: number, value: number): number {
    switch (id) {
      case settingId.headerTableSize:
        this.#encoder.resize(value);
        return 0;
      case settingId.enablePush:
        if (value > 1) return this.#refuse(errorCode.protocolError, "SETTINGS_ENABLE_PUSH out of range");
        return 0;
      case settingId.maxConcurrentStreams:
        this.peer.maxConcurrentStreams = value;
        return 0;
      case settingId.initialWindowSize: {
        if (value > maxWindow)
          return this.#refuse(errorCode.flowControlError, "SETTINGS_INITIAL_WINDOW_SIZE out of range");
        const delta = value - this.peer.initialWindow;
        this.peer.initialWindow = value;
        for (const stream of this.streams.values()) {
          stream.sendWindow += delta;
          if (stream.sendWindow > maxWindow)
            return this.#refuse(errorCode.flowControlError, "a window above its largest size");
          this.#unblock(stream);
        }
        return 0;
      }
      case settingId.maxFrameSize:
        if (value < maxFrameBytes || value > 16_777_215)
          return this.#refuse(errorCode.protocolError, "SETTINGS_MAX_FRAME_SIZE out of range");
        this.peer.maxFrameBytes = value;
        return 0;
      case settingId.enableConnectProtocol:
        if (value > 1) return this.#refuse(errorCode.protocolError, "SETTINGS_ENABLE_CONNECT_PROTOCOL out of range");
        this.peer.connectProtocol = value === 1;
        return 0;
      default:
        return 0;
    }
  }

  #onPing(header: FrameHeader, bytes: Buffer, start: number): number {
    if (header.streamId !== 0) return this.#refuse(errorCode.protocolError, "PING on a stream");
    if (header.length !== 8) return this.#refuse(errorCode.frameSizeError, "PING of a wrong size");
    if ((header.flags & frameFlag.ack) !== 0) {
      if (this.#ending === "announced" && bytes.compare(drainPing, 0, 8, start, start + 8) === 0) {
        this.goaway(errorCode.noError);
      }
    } else {
      const at = this.#frame({ length: 8, type: frameType.ping, flags: frameFlag.ack, streamId: 0 });
      bytes.copy(this.#out, at, start, start + 8);
    }
    return this.#spendControl();
  }

  #onGoaway(header: FrameHeader, bytes: Buffer, start: number): number {
    if (header.streamId !== 0) return this.#refuse(errorCode.protocolError, "GOAWAY on a stream");
    if (header.length < 8) return this.#refuse(errorCode.frameSizeError, "GOAWAY of a wrong size");
    this.#events.onGoaway(readUint32(bytes, start) & maxWindow, readUint32(bytes, start + 4));
    return this.#spendControl();
  }

  #onWindowUpdate(header: FrameHeader, bytes: Buffer, start: number): number {
    if (header.length !== 4) return this.#refuse(errorCode.frameSizeError, "WINDOW_UPDATE of a wrong size");
    const increment = readUint32(bytes, start) & maxWindow;
    if (header.streamId === 0) {
      if (increment === 0) return this.#refuse(errorCode.protocolError, "WINDOW_UPDATE of nothing");
      this.#sendWindow += increment;
      if (this.#sendWindow > maxWindow)
        return this.#refuse(errorCode.flowControlError, "the connection's window above its largest size");
      this.#unblockAll();
      return this.#spendControl();
    }
    if (this.#isIdle(header.streamId)) return this.#refuse(errorCode.protocolError, "WINDOW_UPDATE on an idle stream");
    const stream = this.streams.get(header.streamId);
    if (stream === undefined) return this.#spendControl();
    stream.sendWindow += increment;
    if (increment === 0 || stream.sendWindow > maxWindow) {
      this.#streamError(stream, increment === 0 ? errorCode.protocolError : errorCode.flowControlError);
      return this.#afterReset();
    }
    this.#unblock(stream);
    return this.#spendControl();
  }

  /** Counts a stream that ended in a reset. */
  #afterReset(): number {
    // A server that resets streams costs us nothing but the requests that we began.
    if (this.role === "client") return 0;
    return this.#budget.spend("reset") ? 0 : this.#refuse(errorCode.enhanceYourCalm, "too many reset streams");
  }

  // ---- streams

  #addStream(id: number): Http2Stream<Owner> {
    const stream = new Http2Stream<Owner>(this, id, {
      send: this.peer.initialWindow,
      receive: this.limits.streamWindowBytes,
    });
    this.streams.set(id, stream);
    return stream;
  }

  /** Opens a stream of our own (client); `undefined` when the identifiers are used up. The peer's limit is the caller's to keep. */
  open(owner: Owner): Http2Stream<Owner> | undefined {
    if (this.dead || this.#nextLocalId > maxWindow) return undefined;
    const stream = this.#addStream(this.#nextLocalId);
    this.#nextLocalId += 2;
    stream.owner = owner;
    return stream;
  }

  #forgetClosed(stream: Http2Stream<Owner>): void {
    if (stream.closed && this.streams.delete(stream.id)) this.#budget.credit("reset", 0.5);
  }

  #drop(stream: Http2Stream<Owner>): void {
    stream.remote = "closed";
    stream.local = "closed";
    this.streams.delete(stream.id);
  }

  #streamError(stream: Http2Stream<Owner>, code: number): void {
    this.#drop(stream);
    this.#writeReset(stream.id, code);
    this.#events.onReset(stream, code);
  }

  /** Breaks the stream off. The peer's share in it counts as abuse when `blame` is given: its message was malformed. */
  reset(stream: Http2Stream<Owner>, code: number, blame?: "peer"): void {
    if (this.dead || !this.streams.has(stream.id)) return;
    this.#drop(stream);
    this.#writeReset(stream.id, code);
    if (blame === "peer" && !this.#budget.spend("reset"))
      this.#fail(errorCode.enhanceYourCalm, "too many malformed messages");
  }

  // ---- sending

  /**
   * Sends a header block; returns its size in bytes, frames included. The fields are valid and lower case: the caller has
   * checked.
   */
  sendHeaders(stream: Http2Stream<Owner>, fields: readonly HeaderField[], endStream: boolean): number {
    if (this.dead || stream.local === "closed") return 0;
    let bound = 8;
    for (const field of fields) bound += fieldBound(field.name, field.value);
    let sentBytes: number;
    if (bound + frameHeaderBytes <= maxFrameBytes) {
      const block = this.#reserve(bound + frameHeaderBytes);
      let end = this.#encoder.begin(this.#out, block + frameHeaderBytes);
      for (const field of fields) end = this.#encoder.field(this.#out, end, field);
      const flags = frameFlag.endHeaders | (endStream ? frameFlag.endStream : 0);
      writeFrameHeader(this.#out, block, {
        length: end - block - frameHeaderBytes,
        type: frameType.headers,
        flags,
        streamId: stream.id,
      });
      this.#outEnd = end;
      sentBytes = end - block;
    } else {
      sentBytes = this.#sendLongHeaders(stream, fields, { endStream, bound });
    }
    if (endStream) this.#endLocal(stream);
    return sentBytes;
  }

  #sendLongHeaders(
    stream: Http2Stream<Owner>,
    fields: readonly HeaderField[],
    { endStream, bound }: { readonly endStream: boolean; readonly bound: number },
  ): number {
    const block = Buffer.allocUnsafe(bound);
    let end = this.#encoder.begin(block, 0);
    for (const field of fields) end = this.#encoder.field(block, end, field);
    for (let at = 0; at < end; ) {
      const length = Math.min(maxFrameBytes, end - at);
      const type = at === 0 ? frameType.headers : frameType.continuation;
      const flags =
        (at + length === end ? frameFlag.endHeaders : 0) | (at === 0 && endStream ? frameFlag.endStream : 0);
      const payload = this.#frame({ length, type, flags, streamId: stream.id });
      block.copy(this.#out, payload, at, at + length);
      at += length;
    }
    return end;
  }

  /** Bytes that `sendData` would take now. */
  writable(stream: Http2Stream<Owner>): number {
    return this.dead || stream.local === "closed" ? 0 : Math.max(0, Math.min(stream.sendWindow, this.#sendWindow));
  }

  /**
   * Sends as much of `bytes[start, end)` as the windows allow and returns the offset reached. Short of `end`, `onWritable`
   * follows. `endStream` goes with the last byte (also of an empty range).
   */
  sendData(stream: Http2Stream<Owner>, bytes: Buffer, start: number, end: number, endStream: boolean): number {
    if (this.dead || stream.local === "closed") return end;
    let at = start;
    do {
      const length = Math.min(end - at, this.writable(stream), maxFrameBytes, outputBytes - frameHeaderBytes);
      if (length === 0 && at < end) {
        if (!stream.blocked) {
          stream.blocked = true;
          this.#blocked.push(stream);
        }
        return at;
      }
      const last = endStream && at + length === end;
      if (length === 0 && !last) return at;
      const payload = this.#frame({
        length,
        type: frameType.data,
        flags: last ? frameFlag.endStream : 0,
        streamId: stream.id,
      });
      bytes.copy(this.#out, payload, at, at + length);
      at += length;
      stream.sendWindow -= length;
      this.#sendWindow -= length;
      if (length > 0) this.#budget.credit("control", 4);
      if (last) {
        this.#endLocal(stream);
        return end;
      }
    } while (at < end);
    return at;
  }

  /** Ends our side without further payload. */
  sendEnd(stream: Http2Stream<Owner>): void {
    this.sendData(stream, emptyBuffer, 0, 0, true);
  }

  #endLocal(stream: Http2Stream<Owner>): void {
    stream.local = "closed";
    this.#forgetClosed(stream);
  }

  /** Payload was used: the peer may send as much again. Announced in steps of half a window. */
  consume(stream: Http2Stream<Owner>, bytes: number): void {
    if (this.dead) return;
    this.#giveBack(bytes);
    if (stream.remote === "closed") return;
    stream.unannounced += bytes;
    if (stream.unannounced * 2 < this.limits.streamWindowBytes) return;
    this.#windowUpdate(stream.id, stream.unannounced);
    stream.receiveWindow += stream.unannounced;
    stream.unannounced = 0;
  }

  #giveBack(bytes: number): void {
    this.#unannounced += bytes;
    if (this.#unannounced * 2 < this.limits.connectionWindowBytes) return;
    this.#windowUpdate(0, this.#unannounced);
    this.#receiveWindow += this.#unannounced;
    this.#unannounced = 0;
  }

  #windowUpdate(streamId: number, increment: number): void {
    const at = this.#frame({ length: 4, type: frameType.windowUpdate, flags: 0, streamId });
    writeUint32(this.#out, at, increment);
  }

  #unblock(stream: Http2Stream<Owner>): void {
    if (stream.blocked && stream.sendWindow > 0 && this.#sendWindow > 0) this.#unblockAll();
  }

  /** Those that could not be served stand first the next time: no stream takes the connection's window for itself. */
  #unblockAll(): void {
    const waiting = this.#blocked;
    if (waiting.length === 0) return;
    this.#blocked = [];
    const unserved: Http2Stream<Owner>[] = [];
    for (const stream of waiting) {
      if (!this.streams.has(stream.id)) continue;
      if (this.writable(stream) === 0) {
        unserved.push(stream);
        continue;
      }
      stream.blocked = false;
      this.#events.onWritable(stream);
    }
    if (unserved.length > 0) this.#blocked = unserved.concat(this.#blocked);
  }

  #writeReset(streamId: number, code: number): void {
    const at = this.#frame({ length: 4, type: frameType.rstStream, flags: 0, streamId });
    writeUint32(this.#out, at, code);
  }

  /**
   * Ends the connection without losing a request: says that the end is near, and takes what the peer sent before it could
   * know. Its answer to a PING, or {@link goaway}, draws the line. RFC 9113 section 6.8.
   */
  announceEnd(): void {
    if (this.dead || this.#ending !== "no") return;
    this.#ending = "announced";
    this.#writeGoaway(maxWindow, errorCode.noError);
    const at = this.#frame({ length: drainPing.length, type: frameType.ping, flags: 0, streamId: 0 });
    drainPing.copy(this.#out, at);
  }

  /** Asks the peer for a sign of life. */
  ping(): void {
    if (this.dead) return;
    const at = this.#frame({ length: 8, type: frameType.ping, flags: 0, streamId: 0 });
    this.#out.fill(0, at, at + 8);
  }

  /** No further stream is taken: the connection may be closed once `streams` is empty. */
  get ended(): boolean {
    return this.#ending === "final";
  }

  /** Says that no further stream will be taken; those under way go on. RFC 9113 section 6.8. */
  goaway(code: number): void {
    if (this.dead || this.#ending === "final") return;
    this.#ending = "final";
    this.#writeGoaway(this.#highestRemoteId, code);
    this.#events.onEnding();
  }

  #writeGoaway(lastStreamId: number, code: number): void {
    const at = this.#frame({ length: 8, type: frameType.goaway, flags: 0, streamId: 0 });
    writeUint32(this.#out, writeUint32(this.#out, at, lastStreamId), code);
  }

  #fail(code: number, reason: string): void {
    if (this.dead) return;
    this.#writeGoaway(this.#highestRemoteId, code);
    this.dead = true;
    this.#events.onConnectionError(code, reason);
  }

  #sendSettings(): void {
    const { limits } = this;
    const settings: readonly (readonly [id: number, value: number])[] = [
      [settingId.maxConcurrentStreams, limits.maxConcurrentStreams],
      [settingId.initialWindowSize, limits.streamWindowBytes],
      [settingId.maxHeaderListSize, limits.headerListBytes],
      this.role === "server" ? [settingId.enableConnectProtocol, 1] : [settingId.enablePush, 0],
    ];
    let at = this.#frame({ length: settings.length * 6, type: frameType.settings, flags: 0, streamId: 0 });
    for (const [id, value] of settings) {
      this.#out[at++] = 0;
      this.#out[at++] = id;
      at = writeUint32(this.#out, at, value);
    }
    // The connection's window starts at 65,535 whatever the settings say. RFC 9113 section 6.9.2.
    if (limits.connectionWindowBytes > 65_535) this.#windowUpdate(0, limits.connectionWindowBytes - 65_535);
  }

  /** Writes a frame's header, makes room for its payload, and returns the payload's offset in the output, which may be another buffer than before. */
  #frame(header: FrameHeader): number {
    const at = this.#reserve(frameHeaderBytes + header.length);
    const payload = writeFrameHeader(this.#out, at, header);
    this.#outEnd = payload + header.length;
    return payload;
  }

  /** Offset at which `bytes` fit. */
  #reserve(bytes: number): number {
    if (this.#outEnd + bytes > this.#out.length) {
      if (this.#outEnd > 0) this.flush();
      if (this.#out.length === 0) this.#out = spareOutputs.pop() ?? Buffer.allocUnsafeSlow(outputBytes);
    }
    if (!this.#dirty) {
      this.#dirty = true;
      this.#events.onDirty();
    }
    return this.#outEnd;
  }

  /** Hands over all frames that were put together since the last time. */
  flush(): void {
    this.#dirty = false;
    if (this.#outEnd === 0) return;
    const out = this.#out;
    const end = this.#outEnd;
    this.#outEnd = 0;
    this.#out = emptyBuffer;
    if (this.#events.onOutput(out, 0, end) && spareOutputs.length < maxSpareOutputs) spareOutputs.push(out);
  }
}
