import { createHash } from "node:crypto";

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest();

/**
 * The digest of a password in MD5-crypt, 22 characters: with `$1$` as `magic` that of crypt(3), with `$apr1$` Apache's own variant. A
 * millisecond or two. Spec: `apr_md5_encode` of the Apache Portable Runtime; `openssl passwd -1` and `-apr1` do the same.
 */
export function md5CryptDigest(password: string, salt: string, magic: string): string {
  const secret = Buffer.from(password);
  const salted = Buffer.from(salt);
  const alternate = md5(Buffer.concat([secret, salted, secret]));

  const begun = [secret, Buffer.from(magic), salted];
  for (let left = secret.length; left > 0; left -= 16) begun.push(alternate.subarray(0, Math.min(16, left)));
  for (let bits = secret.length; bits > 0; bits >>= 1) {
    begun.push((bits & 1) === 1 ? Buffer.alloc(1) : secret.subarray(0, 1));
  }
  let digest = md5(Buffer.concat(begun));

  for (let round = 0; round < 1_000; round++) {
    const parts = [round % 2 === 1 ? secret : digest];
    if (round % 3 !== 0) parts.push(salted);
    if (round % 7 !== 0) parts.push(secret);
    parts.push(round % 2 === 1 ? digest : secret);
    digest = md5(Buffer.concat(parts));
  }
  return inAlphabet(digest);
}

/** Three bytes make four characters, least significant first; the order of bytes is that of the first MD5-crypt. */
function inAlphabet(digest: Buffer): string {
  const byte = (index: number): number => digest[index] as number;
  const text: string[] = [];
  const put = (bits: number, characters: number): void => {
    for (let i = 0; i < characters; i++) text.push(alphabet[(bits >> (6 * i)) & 63] as string);
  };
  for (let i = 0; i < 5; i++) put((byte(i) << 16) | (byte(i + 6) << 8) | byte(i === 4 ? 5 : i + 12), 4);
  put(byte(11), 2);
  return text.join("");
}
