/** HTTP/2 framing: RFC 9113 sections 4 and 6. Bytes only; what a frame means is the connection's business. */

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** `ack` and `endStream` are the same bit of different frames. */
export const frameFlag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113 section 7. */
export const errorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;

/** RFC 9113 section 6.5.2; `enableConnectProtocol` is RFC 8441. */
export const settingId = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
  enableConnectProtocol: 0x8,
} as const;

export const frameHeaderBytes = 9;
/** SETTINGS_MAX_FRAME_SIZE that we announce by not announcing it, in bytes. */
export const maxFrameBytes = 16_384;
/** Largest flow-control window. RFC 9113 section 6.9.1. */
export const maxWindow = 0x7fff_ffff;
/** What a client sends first. RFC 9113 section 3.4. */
export const connectionPreface: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export type FrameHeader = {
  /** Of the payload, in bytes. */
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
};

/** Writes a frame's nine header bytes; returns the offset behind them. */
export function writeFrameHeader(out: Buffer, offset: number, { length, type, flags, streamId }: FrameHeader): number {
  out[offset] = length >>> 16;
  out[offset + 1] = length >>> 8;
  out[offset + 2] = length;
  out[offset + 3] = type;
  out[offset + 4] = flags;
  writeUint32(out, offset + 5, streamId);
  return offset + frameHeaderBytes;
}

export function writeUint32(out: Buffer, offset: number, value: number): number {
  out[offset] = value >>> 24;
  out[offset + 1] = value >>> 16;
  out[offset + 2] = value >>> 8;
  out[offset + 3] = value;
  return offset + 4;
}

/** Unsigned; the caller masks reserved bits. */
export function readUint32(bytes: Buffer, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  );
}

/** Receives whole frames. Returns {@link errorCode} of a connection error, or 0 to go on. */
export interface FrameHandler {
  /** `bytes[start, end)` is the payload; it is only valid during the call. */
  onFrame(header: FrameHeader, bytes: Buffer, start: number, end: number): number;
}

/** Buffers for frames in part that no reader uses at the moment. */
const spareBuffers: Buffer[] = [];
const maxSpareBuffers = 16;

/**
 * Cuts a byte stream into frames. At most one incomplete frame is held (16,393 bytes); a longer one is refused by its
 * header, before its payload is read.
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #header = { length: 0, type: 0, flags: 0, streamId: 0 };
  #held: Buffer | undefined;
  #heldBytes = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** A frame other than DATA has come in part. */
  get midway(): boolean {
    return this.#heldBytes > 0 && (this.#heldBytes < 4 || this.#held?.[3] !== frameType.data);
  }

  /** Takes the next bytes; returns the code of a connection error, or 0. After an error it must not be used again. */
  push(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (this.#heldBytes > 0 && at < end) {
      const held = this.#held as Buffer;
      const needed = this.#heldBytes < frameHeaderBytes ? frameHeaderBytes : frameHeaderBytes + payloadLength(held, 0);
      const taken = Math.min(needed - this.#heldBytes, end - at);
      bytes.copy(held, this.#heldBytes, at, at + taken);
      this.#heldBytes += taken;
      at += taken;
      if (this.#heldBytes < frameHeaderBytes) return 0;
      const length = payloadLength(held, 0);
      if (length > maxFrameBytes) return errorCode.frameSizeError;
      if (this.#heldBytes < frameHeaderBytes + length) continue;
      this.#heldBytes = 0;
      this.#held = undefined;
      const code = this.#frame(held, 0, length);
      if (spareBuffers.length < maxSpareBuffers) spareBuffers.push(held);
      if (code !== 0) return code;
    }
    while (end - at >= frameHeaderBytes) {
      const length = payloadLength(bytes, at);
      if (length > maxFrameBytes) return errorCode.frameSizeError;
      if (end - at < frameHeaderBytes + length) break;
      const code = this.#frame(bytes, at, length);
      if (code !== 0) return code;
      at += frameHeaderBytes + length;
    }
    if (at < end) this.#hold(bytes, at, end);
    return 0;
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    this.#held = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(frameHeaderBytes + maxFrameBytes);
    bytes.copy(this.#held, 0, start, end);
    this.#heldBytes = end - start;
  }

  #frame(bytes: Buffer, offset: number, length: number): number {
    const header = this.#header;
    header.length = length;
    header.type = bytes[offset + 3] as number;
    header.flags = bytes[offset + 4] as number;
    header.streamId = readUint32(bytes, offset + 5) & maxWindow;
    const payload = offset + frameHeaderBytes;
    return this.#handler.onFrame(header, bytes, payload, payload + length);
  }
}

function payloadLength(bytes: Buffer, offset: number): number {
  return ((bytes[offset] as number) << 16) | ((bytes[offset + 1] as number) << 8) | (bytes[offset + 2] as number);
}
