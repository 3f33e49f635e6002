import {
  type FrameHeader,
  frameFlag,
  frameHeaderBytes,
  frameType,
  readUint32,
  writeFrameHeader,
  writeUint32,
} from "./frame.ts";
import type { SessionEvents } from "./session-events.ts";

/** Size of an output buffer, in bytes: no frame may be longer, its header included. */
export const outputBytes = 65_536;
/** Where flags and stream stand in a frame's header. RFC 9113 section 4.1. */
const flagsAt = 4;
const streamIdAt = 5;
const emptyBuffer = Buffer.alloc(0);
/** Output buffers that no session uses at the moment: one holds a buffer only between its first frame and its flush. */
const spareOutputs: Buffer[] = [];
const maxSpareOutputs = 16;

/** Puts the frames of one turn of the event loop together in one buffer. */
export class FrameOutput {
  /** The buffer that frames are written to. Read it after {@link reserve} and {@link frame}, which may exchange it. */
  buffer: Buffer = emptyBuffer;
  /** Offset behind the last frame. */
  end = 0;
  readonly #events: Pick<SessionEvents<never>, "onDirty" | "onOutput">;
  #dirty = false;
  /** Where the last frame begins when it is DATA; -1: it is not. */
  #lastData = -1;
  /** Offset behind that frame. */
  #lastDataEnd = 0;

  constructor(events: Pick<SessionEvents<never>, "onDirty" | "onOutput">) {
    this.#events = events;
  }

  /** Writes a frame's header, makes room for its payload, and returns the payload's offset in the output, which may be another buffer than before. */
  frame(header: FrameHeader): number {
    const at = this.reserve(frameHeaderBytes + header.length);
    const payload = writeFrameHeader(this.buffer, at, header);
    this.end = payload + header.length;
    if (header.type === frameType.data) {
      this.#lastData = at;
      this.#lastDataEnd = this.end;
    }
    return payload;
  }

  /** Lets the last frame end its stream, when it is DATA of this one and has not been handed over. False: it is not. */
  endWithLast(streamId: number): boolean {
    const at = this.#lastData;
    if (at < 0 || this.#lastDataEnd !== this.end || readUint32(this.buffer, at + streamIdAt) !== streamId) return false;
    this.buffer[at + flagsAt]! |= frameFlag.endStream;
    return true;
  }

  /** Offset at which `bytes` fit; whoever writes there moves {@link end}. */
  reserve(bytes: number): number {
    if (this.end + bytes > this.buffer.length) {
      if (this.end > 0) this.flush();
      if (this.buffer.length === 0) this.buffer = spareOutputs.pop() ?? Buffer.allocUnsafeSlow(outputBytes);
    }
    if (!this.#dirty) {
      this.#dirty = true;
      this.#events.onDirty();
    }
    return this.end;
  }

  /** Hands over all frames that were put together since the last time. */
  flush(): void {
    this.#dirty = false;
    if (this.end === 0) return;
    const out = this.buffer;
    const end = this.end;
    this.end = 0;
    this.#lastData = -1;
    this.buffer = emptyBuffer;
    if (this.#events.onOutput(out, 0, end) && spareOutputs.length < maxSpareOutputs) spareOutputs.push(out);
  }

  /** RST_STREAM. RFC 9113 section 6.4. */
  resetStream(streamId: number, code: number): void {
    const at = this.frame({ length: 4, type: frameType.rstStream, flags: 0, streamId });
    writeUint32(this.buffer, at, code);
  }

  /** WINDOW_UPDATE; stream 0 is the connection. RFC 9113 section 6.9. */
  windowUpdate(streamId: number, increment: number): void {
    const at = this.frame({ length: 4, type: frameType.windowUpdate, flags: 0, streamId });
    writeUint32(this.buffer, at, increment);
  }

  /** PING with the eight bytes of `payload` from `start`; `flags` says whether it is an answer. RFC 9113 section 6.7. */
  ping(flags: number, payload: Buffer, start: number): void {
    const at = this.frame({ length: 8, type: frameType.ping, flags, streamId: 0 });
    payload.copy(this.buffer, at, start, start + 8);
  }

  /** GOAWAY. RFC 9113 section 6.8. */
  goaway(lastStreamId: number, code: number): void {
    const at = this.frame({ length: 8, type: frameType.goaway, flags: 0, streamId: 0 });
    writeUint32(this.buffer, writeUint32(this.buffer, at, lastStreamId), code);
  }
}
