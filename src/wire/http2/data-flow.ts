import {
  errorCode,
  type FrameHeader,
  frameFlag,
  frameHeaderBytes,
  frameType,
  maxFrameBytes,
  maxWindow,
  readUint32,
} from "./frame.ts";
import { type FrameOutput, outputBytes } from "./frame-output.ts";
import { unpad } from "./padding.ts";
import type { PeerFaults } from "./peer-faults.ts";
import type { SessionCore } from "./session-core.ts";
import type { Http2Stream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

/** DATA in both directions, and the windows that bound it. RFC 9113 sections 5.2 and 6.9. */
export class DataFlow<Owner> {
  readonly #core: SessionCore<Owner>;
  readonly #faults: PeerFaults;
  readonly #output: FrameOutput;
  readonly #streams: StreamTable<Owner>;
  #sendWindow = 65_535;
  #receiveWindow: number;
  /** Consumed on the connection and not yet given back to the peer. */
  #unannounced = 0;
  /** Streams that wait for connection window, in order. */
  #blocked: Http2Stream<Owner>[] = [];

  constructor(core: SessionCore<Owner>, streams: StreamTable<Owner>) {
    this.#core = core;
    this.#faults = core.faults;
    this.#output = core.output;
    this.#streams = streams;
    this.#receiveWindow = core.limits.connectionWindowBytes;
  }

  /** Takes a DATA frame. RFC 9113 section 6.1. */
  onData(header: FrameHeader, bytes: Buffer, frameStart: number, frameEnd: number): number {
    const faults = this.#faults;
    if (header.streamId === 0) return faults.refuse(errorCode.protocolError, "DATA on stream 0");
    if (this.#streams.isIdle(header.streamId)) return faults.refuse(errorCode.protocolError, "DATA on an idle stream");
    const [start, end] = unpad(header, bytes, frameStart, frameEnd);
    if (end < 0) return faults.refuse(errorCode.protocolError, "padding longer than its frame");
    this.#receiveWindow -= header.length;
    if (this.#receiveWindow < 0)
      return faults.refuse(errorCode.flowControlError, "more DATA than the connection's window");
    const endStream = (header.flags & frameFlag.endStream) !== 0;
    const stream = this.#streams.open.get(header.streamId);
    if (stream === undefined) return this.#onStray(header, endStream);
    if (stream.remote === "closed") {
      this.#giveBack(header.length);
      return this.#streams.fail(stream, errorCode.streamClosed);
    }
    if (!stream.sawHeaders) return faults.refuse(errorCode.protocolError, "DATA before the final header block");
    stream.receiveWindow -= header.length;
    if (stream.receiveWindow < 0) {
      this.#giveBack(header.length);
      return this.#streams.fail(stream, errorCode.flowControlError);
    }
    const padding = header.length - (end - start);
    if (padding > 0) this.consume(stream, padding);
    if (end > start) {
      faults.creditControl(1);
      this.#core.events.onData(stream, bytes, start, end);
    } else if (!endStream) {
      const code = faults.spendControl();
      if (code !== 0) return code;
    }
    if (endStream) this.#streams.endRemote(stream);
    return 0;
  }

  /** DATA on a stream that is no more: it counts for the connection's window, and is thrown away. */
  #onStray({ streamId, length }: FrameHeader, endStream: boolean): number {
    const faults = this.#faults;
    this.#giveBack(length);
    switch (this.#streams.late.takeData(streamId, length, endStream)) {
      case "late":
        return length > 0 || endStream ? 0 : faults.spendControl();
      case "excess":
        return faults.refuse(errorCode.flowControlError, "more DATA than the window of a stream that was reset");
      case "unknown":
        // A server may still be at work for a stream that we gave up longer ago than we remember.
        if (this.#core.role === "client") return faults.spendControl();
        this.#output.resetStream(streamId, errorCode.streamClosed);
        return faults.spendAnswer();
    }
  }

  /** Takes a WINDOW_UPDATE frame. RFC 9113 section 6.9. */
  onWindowUpdate(header: FrameHeader, bytes: Buffer, start: number): number {
    const faults = this.#faults;
    if (header.length !== 4) return faults.refuse(errorCode.frameSizeError, "WINDOW_UPDATE of a wrong size");
    const increment = readUint32(bytes, start) & maxWindow;
    if (header.streamId === 0) {
      if (increment === 0) return faults.refuse(errorCode.protocolError, "WINDOW_UPDATE of nothing");
      this.#sendWindow += increment;
      if (this.#sendWindow > maxWindow)
        return faults.refuse(errorCode.flowControlError, "the connection's window above its largest size");
      this.#unblockAll();
      return faults.spendControl();
    }
    if (this.#streams.isIdle(header.streamId))
      return faults.refuse(errorCode.protocolError, "WINDOW_UPDATE on an idle stream");
    const stream = this.#streams.open.get(header.streamId);
    if (stream === undefined) return faults.spendControl();
    stream.sendWindow += increment;
    if (increment === 0 || stream.sendWindow > maxWindow) {
      return this.#streams.fail(stream, increment === 0 ? errorCode.protocolError : errorCode.flowControlError);
    }
    this.#unblock(stream);
    return faults.spendControl();
  }

  /**
   * The peer changed its initial window: moves that of every stream by `delta` bytes. RFC 9113 section 6.9.2. What may go out
   * now does so by {@link resume}.
   */
  moveSendWindows(delta: number): number {
    for (const stream of this.#streams.open.values()) {
      stream.sendWindow += delta;
      if (stream.sendWindow > maxWindow)
        return this.#faults.refuse(errorCode.flowControlError, "a window above its largest size");
    }
    return 0;
  }

  /** Lets streams that have window again go on. */
  resume(): void {
    this.#unblockAll();
  }

  /** Bytes that {@link send} would take now. */
  writable(stream: Http2Stream<Owner>): number {
    return this.#faults.dead || stream.local === "closed"
      ? 0
      : Math.max(0, Math.min(stream.sendWindow, this.#sendWindow));
  }

  /**
   * Sends as much of `bytes[start, end)` as the windows allow and returns the offset reached. Short of `end`, `onWritable`
   * follows. `endStream` goes with the last byte (also of an empty range).
   */
  send(stream: Http2Stream<Owner>, bytes: Buffer, start: number, end: number, endStream: boolean): number {
    if (this.#faults.dead || stream.local === "closed") return end;
    if (start === end && endStream && this.#output.endWithLast(stream.id)) {
      this.#streams.endLocal(stream);
      return end;
    }
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
      const payload = this.#output.frame({
        length,
        type: frameType.data,
        flags: last ? frameFlag.endStream : 0,
        streamId: stream.id,
      });
      bytes.copy(this.#output.buffer, payload, at, at + length);
      at += length;
      stream.sendWindow -= length;
      this.#sendWindow -= length;
      if (length > 0) this.#faults.creditControl(4);
      if (last) {
        this.#streams.endLocal(stream);
        return end;
      }
    } while (at < end);
    return at;
  }

  /** Payload was used: the peer may send as much again. Announced in steps of half a window. */
  consume(stream: Http2Stream<Owner>, bytes: number): void {
    if (this.#faults.dead) return;
    this.#giveBack(bytes);
    if (stream.remote === "closed") return;
    stream.unannounced += bytes;
    if (stream.unannounced * 2 < this.#core.limits.streamWindowBytes) return;
    this.#output.windowUpdate(stream.id, stream.unannounced);
    stream.receiveWindow += stream.unannounced;
    stream.unannounced = 0;
  }

  /** Payload was thrown away: the connection's window is free again, the stream's is not. */
  discard(bytes: number): void {
    if (!this.#faults.dead) this.#giveBack(bytes);
  }

  #giveBack(bytes: number): void {
    this.#unannounced += bytes;
    if (this.#unannounced * 2 < this.#core.limits.connectionWindowBytes) return;
    this.#output.windowUpdate(0, this.#unannounced);
    this.#receiveWindow += this.#unannounced;
    this.#unannounced = 0;
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
      if (!this.#streams.open.has(stream.id)) continue;
      if (this.writable(stream) === 0) {
        unserved.push(stream);
        continue;
      }
      stream.blocked = false;
      this.#core.events.onWritable(stream);
    }
    if (unserved.length > 0) this.#blocked = unserved.concat(this.#blocked);
  }
}
