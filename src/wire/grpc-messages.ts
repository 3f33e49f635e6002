const prefixBytes = 5;

/** One message in gRPC's frame, not compressed. */
export function frameGrpcMessage(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, prefixBytes);
  return framed;
}

/** Takes the messages out of content that comes in pieces. */
export class GrpcMessages {
  readonly #maxBytes: number;
  #held = Buffer.alloc(0);

  /** `maxBytes`: of the largest message. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that are whole with this piece; `undefined`: one is too large, or compressed without having been asked to be. */
  push(bytes: Buffer): readonly Buffer[] | undefined {
    // What is held must not be a view of the reader's buffer.
    this.#held = Buffer.concat([this.#held, bytes]);
    const messages: Buffer[] = [];
    while (this.#held.length >= prefixBytes) {
      const length = this.#held.readUInt32BE(1);
      if (this.#held[0] !== 0 || length > this.#maxBytes) return undefined;
      if (this.#held.length < prefixBytes + length) break;
      messages.push(this.#held.subarray(prefixBytes, prefixBytes + length));
      this.#held = this.#held.subarray(prefixBytes + length);
    }
    return messages;
  }
}
