/**
 * Reads the server name and the protocols out of a TLS ClientHello without taking part in the handshake.
 * RFC 8446 section 4.1.2, RFC 6066 section 3 (SNI), RFC 7301 (ALPN).
 */

/** Most bytes that a ClientHello may take, records and all: real ones, with post-quantum key shares, stay below 4 KiB. */
export const clientHelloLimitBytes = 16_384;

export type ClientHello = {
  /** Lower case, without trailing dot; `""` when the client sent none. */
  readonly serverName: string;
  readonly alpn: readonly string[];
};

export type ClientHelloResult =
  | { readonly kind: "hello"; readonly hello: ClientHello }
  /** Incomplete: read on, unless {@link clientHelloLimitBytes} are reached. */
  | { readonly kind: "more" }
  /** Not TLS, or malformed: close. */
  | { readonly kind: "invalid"; readonly reason: string };

const invalid = (reason: string): ClientHelloResult => ({ kind: "invalid", reason });

/** Reads all bytes that the client has sent so far; the hello may be split over records and packets. */
export function readClientHello(bytes: Buffer): ClientHelloResult {
  const message = handshakeMessage(bytes);
  if (!Buffer.isBuffer(message)) return message;
  try {
    return { kind: "hello", hello: parseHello(new Cursor(message)) };
  } catch (error) {
    if (error instanceof CutOff) return invalid(error.message);
    throw error;
  }
}

/** The body of the first handshake message, put together from its records. */
function handshakeMessage(bytes: Buffer): Buffer | ClientHelloResult {
  const parts: Buffer[] = [];
  /** Type and length of the message, which may themselves be split over records. */
  const header: number[] = [];
  let gathered = 0;
  for (let at = 0; ; ) {
    if (bytes.length > at && bytes[at] !== 22) return invalid("not a TLS handshake record");
    if (bytes.length < at + 5) return more(bytes);
    if (bytes[at + 1] !== 3) return invalid("not a TLS record version");
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16_384) return invalid("record length out of bounds");
    const part = bytes.subarray(at + 5, at + 5 + length);
    parts.push(part);
    gathered += part.length;
    for (let i = 0; header.length < 4 && i < part.length; i++) header.push(part[i] as number);
    const [type, high = 0, middle = 0, low] = header;
    if (type !== undefined && type !== 1) return invalid("the first handshake message is not a ClientHello");
    if (low !== undefined) {
      const needed = 4 + high * 65_536 + middle * 256 + low;
      if (needed > clientHelloLimitBytes) return invalid("ClientHello too large");
      if (gathered >= needed) return Buffer.concat(parts).subarray(4, needed);
    }
    if (part.length < length) return more(bytes);
    at += 5 + length;
  }
}

function more(bytes: Buffer): ClientHelloResult {
  return bytes.length >= clientHelloLimitBytes ? invalid("ClientHello too large") : { kind: "more" };
}

class CutOff extends Error {}

/** Bounds-checked reading; {@link CutOff} where the message ends early. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at === this.bytes.length;
  }

  number(width: 1 | 2): number {
    const value = this.take(width).readUIntBE(0, width);
    return value;
  }

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new CutOff("malformed ClientHello");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A vector with its length before it. */
  vector(width: 1 | 2): Cursor {
    return new Cursor(this.take(this.number(width)));
  }
}

function parseHello(hello: Cursor): ClientHello {
  hello.take(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  let serverName = "";
  const alpn: string[] = [];
  if (hello.done) return { serverName, alpn };
  const extensions = hello.vector(2);
  const seen = new Set<number>();
  while (!extensions.done) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (seen.has(type)) throw new CutOff("an extension stands twice in the ClientHello");
    seen.add(type);
    if (type === 0) serverName = parseServerName(body);
    if (type === 16) {
      for (const list = body.vector(2); !list.done; ) alpn.push(list.vector(1).bytes.latin1Slice());
    }
  }
  return { serverName, alpn };
}

function parseServerName(body: Cursor): string {
  const list = body.vector(2);
  if (list.number(1) !== 0) throw new CutOff("SNI of an unknown type");
  const name = canonicalServerName(list.vector(2).bytes.latin1Slice());
  if (!list.done || !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name) || name.length > 253) {
    throw new CutOff("SNI is not one host name");
  }
  return name;
}

/** An SNI as it is compared: lower case, without trailing dot. RFC 6066 §3 allows none, and clients send it all the same. */
export function canonicalServerName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
