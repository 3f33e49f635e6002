import { createHmac, timingSafeEqual } from "node:crypto";

/** That a client is to stay with an endpoint of a backend. Ids say nothing to whoever lacks the key. */
export type Pin = {
  /** 8 hexadecimal digits. */
  readonly backend: string;
  /** 16 hexadecimal digits. */
  readonly endpoint: string;
  /** When the session began. Seconds since the epoch. */
  readonly startSeconds: number;
};

/** Pins that one token may carry: one for each backend of a rule, the latest first. */
export const maxPins = 8;

const version = 1;
const backendBytes = 4;
const endpointBytes = 8;
const pinBytes = backendBytes + endpointBytes + 4;
const macBytes = 16;
const maxTokenLength = Math.ceil(((1 + maxPins * pinBytes + macBytes) * 4) / 3);

const tokensOfKeys = new WeakMap<Buffer, SessionTokens>();

/** The tokens of a key: the same object for the same buffer. */
export function sessionTokensOf(key: Buffer): SessionTokens {
  let tokens = tokensOfKeys.get(key);
  if (tokens === undefined) {
    tokens = new SessionTokens(key);
    tokensOfKeys.set(key, tokens);
  }
  return tokens;
}

/**
 * Makes and reads the value that a client brings back: a version, the pins, and a MAC over them and the name under which
 * they travel. Gateways with the same key understand each other's; without the key nothing can be forged, and no address be
 * read. Spec: SessionPersistence (GEP-1619) leaves the value to the implementation.
 */
export class SessionTokens {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** Stands for an endpoint or backend in a token. */
  idOf(kind: "backend" | "endpoint", text: string): string {
    const length = kind === "backend" ? backendBytes : endpointBytes;
    return this.#mac(`${kind}\n${text}`).toString("hex", 0, length);
  }

  /** `pins` are at most {@link maxPins}. */
  write(name: string, pins: readonly Pin[]): string {
    const payload = Buffer.alloc(1 + pins.length * pinBytes);
    payload[0] = version;
    pins.forEach((pin, index) => {
      const at = 1 + index * pinBytes;
      payload.write(pin.backend, at, "hex");
      payload.write(pin.endpoint, at + backendBytes, "hex");
      payload.writeUInt32BE(pin.startSeconds, at + backendBytes + endpointBytes);
    });
    return Buffer.concat([payload, this.#seal(name, payload)]).toString("base64url");
  }

  /** `undefined` for what is no token of this key and name. */
  read(name: string, token: string): readonly Pin[] | undefined {
    if (token.length > maxTokenLength) return undefined;
    const bytes = Buffer.from(token, "base64url");
    const payload = bytes.subarray(0, -macBytes);
    const count = (payload.length - 1) / pinBytes;
    if (payload[0] !== version || !Number.isInteger(count) || count < 1 || count > maxPins) return undefined;
    if (!timingSafeEqual(this.#seal(name, payload), bytes.subarray(-macBytes))) return undefined;
    return Array.from({ length: count }, (_, index) => {
      const at = 1 + index * pinBytes;
      return {
        backend: payload.toString("hex", at, at + backendBytes),
        endpoint: payload.toString("hex", at + backendBytes, at + backendBytes + endpointBytes),
        startSeconds: payload.readUInt32BE(at + backendBytes + endpointBytes),
      };
    });
  }

  #seal(name: string, payload: Buffer): Buffer {
    return this.#mac(`token\n${name}\n`, payload).subarray(0, macBytes);
  }

  #mac(text: string, bytes?: Buffer): Buffer {
    const hmac = createHmac("sha256", this.#key).update(text);
    return (bytes === undefined ? hmac : hmac.update(bytes)).digest();
  }
}
