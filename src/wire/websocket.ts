/**
 * What a gateway must know of WebSocket: how a handshake is answered, and where one frame ends and the next begins, to say
 * goodbye between two. RFC 6455 section 5.2. Bytes are only counted, never kept or changed.
 */
import { createHash } from "node:crypto";

/** What a server proves with that it understood a handshake. RFC 6455 section 1.3. */
const handshakeSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Sec-WebSocket-Accept for a Sec-WebSocket-Key. RFC 6455 section 4.2.2. */
export function webSocketAccept(key: string): string {
  return createHash("sha1")
    .update(key + handshakeSuffix)
    .digest("base64");
}

/** An unmasked Close frame with status 1001, "going away", as a server sends it. RFC 6455 section 7.4.1. */
export const goingAwayFrame: Buffer = Buffer.of(0x88, 0x02, 0x03, 0xe9);

/** Longest frame header: 2 bytes, 8 of an extended length, 4 of a masking key. */
const maxHeaderBytes = 14;

/** Follows the frames of one direction of a connection. */
export class WebSocketBoundary {
  readonly #header = new Uint8Array(maxHeaderBytes);
  #headerBytes = 0;
  /** Payload of the frame under way that is still to come. */
  #left = 0;
  #closed = false;

  /** Between two frames, and neither side of this direction has said goodbye: a Close frame may be put in here. */
  get open(): boolean {
    return this.#headerBytes === 0 && this.#left === 0 && !this.#closed;
  }

  /** Takes the next bytes of the direction. */
  push(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, end - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      this.#header[this.#headerBytes++] = bytes[at++] as number;
      if (this.#headerBytes >= 2 && this.#headerBytes === this.#headerLength()) this.#begin();
    }
  }

  #headerLength(): number {
    const second = this.#header[1] as number;
    const length = second & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
  }

  #begin(): void {
    const header = this.#header;
    const opcode = (header[0] as number) & 0x0f;
    const short = (header[1] as number) & 0x7f;
    let length = short < 126 ? short : 0;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    for (let i = 0; i < extended; i++) length = length * 256 + (header[2 + i] as number);
    this.#left = length;
    this.#headerBytes = 0;
    if (opcode === 8) this.#closed = true;
  }
}
