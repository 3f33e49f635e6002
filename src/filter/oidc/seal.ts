import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

const nonceBytes = 24;
const keyNonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts texts for clients to bring back: AES-256-GCM with a key of its own for each text (an HMAC over half of a random
 * 192-bit nonce), so that no number of texts wears the key out. Gateways with the same key read each other's.
 */
export class Seal {
  readonly #key: Buffer;

  /** `context` sets keys apart: nothing that was sealed in one can be opened in another. */
  constructor(signingKey: Buffer, context: string) {
    this.#key = Buffer.from(hkdfSync("sha256", signingKey, "", context, 32));
  }

  /** Base64url. `purpose` is not in the text, and needed to open it. */
  close(purpose: string, text: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#keyOf(nonce), nonce.subarray(keyNonceBytes));
    cipher.setAAD(Buffer.from(purpose));
    return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString(
      "base64url",
    );
  }

  /** `undefined` for what was not sealed with this key, in this context and for this purpose. */
  open(purpose: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, "base64url");
    // One text has one spelling: base64 would let characters be added that say nothing.
    if (bytes.length < nonceBytes + tagBytes || bytes.toString("base64url") !== sealed) return undefined;
    const nonce = bytes.subarray(0, nonceBytes);
    const decipher = createDecipheriv("aes-256-gcm", this.#keyOf(nonce), nonce.subarray(keyNonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(purpose));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8");
    } catch {
      return undefined;
    }
  }

  /** Makes a text that nobody else can make from the same parts: 43 characters of base64url. */
  derive(...parts: readonly string[]): string {
    return createHmac("sha256", this.#key).update(JSON.stringify(parts)).digest("base64url");
  }

  #keyOf(nonce: Buffer): Buffer {
    return createHmac("sha256", this.#key).update("sealed text").update(nonce.subarray(0, keyNonceBytes)).digest();
  }
}
