/** The part of RFC 6455 that an echo needs: frames from a client in, frames of a server out. */

export const opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** One frame from a client, unmasked. */
export type Frame = { readonly final: boolean; readonly opcode: number; readonly payload: Buffer };

/** A frame that breaks the protocol, with the close code to answer it with (RFC 6455 section 7.4.1). */
export type FrameError = { readonly closeCode: 1002 | 1009 };

/** A stand-in has no use for larger frames. Bytes. */
export const frameLimitBytes = 1 << 20;

/**
 * The first frame of `data` and the bytes it took; `undefined` while it is incomplete. Clients must mask (section 5.1),
 * reserved bits must be 0, control frames are short and whole (section 5.5).
 */
export function parseFrame(data: Buffer): { readonly frame: Frame; readonly size: number } | FrameError | undefined {
  if (data.length < 2) return undefined;
  const [first = 0, second = 0] = data;
  const code = first & 0x0f;
  const final = (first & 0x80) !== 0;
  const isControl = code >= 0x8;
  const isKnown = code <= 0x2 || (isControl && code <= 0xa);
  const shortLength = second & 0x7f;
  if ((first & 0x70) !== 0 || !isKnown || (second & 0x80) === 0 || (isControl && (!final || shortLength > 125))) {
    return { closeCode: 1002 };
  }
  const maskAt = shortLength === 127 ? 10 : shortLength === 126 ? 4 : 2;
  if (data.length < maskAt) return undefined;
  const length =
    shortLength === 127 ? Number(data.readBigUInt64BE(2)) : shortLength === 126 ? data.readUInt16BE(2) : shortLength;
  if (length > frameLimitBytes) return { closeCode: 1009 };
  const payloadAt = maskAt + 4;
  if (data.length < payloadAt + length) return undefined;
  const payload = Buffer.from(data.subarray(payloadAt, payloadAt + length));
  for (let index = 0; index < length; index += 1) payload[index] = payload[index]! ^ data[maskAt + (index & 3)]!;
  return { frame: { final, opcode: code, payload }, size: payloadAt + length };
}

/** A frame as a server sends it: not masked. */
export function renderFrame({ final, opcode: code, payload }: Frame): Buffer {
  const first = (final ? 0x80 : 0) | code;
  if (payload.length < 126) return Buffer.concat([Buffer.from([first, payload.length]), payload]);
  const long = payload.length > 0xffff;
  const head = Buffer.alloc(long ? 10 : 4);
  head[0] = first;
  head[1] = long ? 127 : 126;
  if (long) head.writeBigUInt64BE(BigInt(payload.length), 2);
  else head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
