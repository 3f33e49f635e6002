import { createHash, timingSafeEqual } from "node:crypto";
import bcrypt from "bcryptjs";
import type { PasswordHash } from "../../ir/htpasswd.ts";
import { md5CryptDigest } from "./md5-crypt.ts";

/**
 * Whether a password is that of a hash. Takes from microseconds (SHA-1) to about a second (bcrypt of cost 14), so it is asked on
 * a thread of its own. Bytes of a password behind the 72nd do not count with bcrypt, as in all its programs.
 */
export function passwordMatches(password: string, hash: PasswordHash): boolean {
  switch (hash.kind) {
    case "sha1":
      return sameText(createHash("sha1").update(password).digest("base64"), hash.digest);
    case "saltedSha1": {
      const salt = Buffer.from(hash.salt, "base64");
      return sameText(createHash("sha1").update(password).update(salt).digest("base64"), hash.digest);
    }
    case "plain": {
      const digest = (text: string) => createHash("sha256").update(text).digest();
      return timingSafeEqual(digest(password), digest(hash.password));
    }
    case "md5Crypt":
      return sameText(md5CryptDigest(password, hash.salt, `$${hash.variant}$`), hash.digest);
    case "bcrypt":
      return bcrypt.compareSync(password, hash.text);
  }
}

/** Compares texts of one length in a time that does not tell where they differ. */
function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
