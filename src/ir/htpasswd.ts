/** What a file of htpasswd keeps of one password. */
export type PasswordHash =
  /** `{SHA}`: 20 bytes of SHA-1, without salt. */
  | { readonly kind: "sha1"; readonly digest: string }
  /** `{SSHA}`: 20 bytes of SHA-1 of password and salt, Base64 each. */
  | { readonly kind: "saltedSha1"; readonly digest: string; readonly salt: string }
  /** `{PLAIN}`: the password itself. */
  | { readonly kind: "plain"; readonly password: string }
  /** `$2y$`, `$2b$` or `$2a$`: bcrypt. */
  | { readonly kind: "bcrypt"; readonly text: string }
  /** `$apr1$` of Apache or `$1$`: a thousand rounds of MD5. `digest` is in its own alphabet. */
  | { readonly kind: "md5Crypt"; readonly variant: "apr1" | "1"; readonly salt: string; readonly digest: string };

/** A line that lets nobody in. Says nothing of the hash. */
export type HtpasswdProblem = {
  /** From 1. */
  readonly line: number;
  /** `""`: the line names none. */
  readonly user: string;
  /** What is wrong, as the end of a sentence that begins with the user or the line. */
  readonly reason: string;
};

export type Htpasswd = {
  readonly users: ReadonlyMap<string, PasswordHash>;
  readonly problems: readonly HtpasswdProblem[];
};

/** Each step doubles the work; 14 takes about a second for every password that anybody tries. */
const maxBcryptCost = 14;

/**
 * Reads lines of `user:hash`, as Apache's htpasswd writes them; what follows a second colon is a comment. Users of a format that
 * is not known are not there: they come as problems, and so do lines without a user. Spec: htpasswd(1), Password Formats of Apache;
 * `{PLAIN}`, `{SSHA}` and `$1$` are those that nginx knows besides.
 */
export function parseHtpasswd(text: string): Htpasswd {
  const users = new Map<string, PasswordHash>();
  const problems: HtpasswdProblem[] = [];
  const named = new Set<string>();
  for (const [index, written] of text.split("\n").entries()) {
    const line = written.trimEnd();
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [user = "", hash] = line.split(":", 2);
    if (user === "" || hash === undefined) {
      // Without a colon it may well be a password: not a word of it is told.
      problems.push({ line: index + 1, user: "", reason: "has no user:hash" });
      continue;
    }
    const read = named.has(user) ? "is named a second time; the first line counts" : readHash(user, hash);
    named.add(user);
    if (typeof read === "string") problems.push({ line: index + 1, user, reason: read });
    else users.set(user, read);
  }
  return { users, problems };
}

/** The hash, or what is wrong with the line. */
function readHash(user: string, text: string): PasswordHash | string {
  if (/[\x00-\x1f\x7f]/.test(user)) return "has a control character in the name";
  if (/^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(text)) return { kind: "sha1", digest: text.slice(5) };
  if (text.startsWith("{PLAIN}")) return { kind: "plain", password: text.slice(7) };
  const salted = /^\{SSHA\}([A-Za-z0-9+/]+={0,2})$/.exec(text);
  if (salted !== null) {
    const bytes = Buffer.from(salted[1] as string, "base64");
    if (bytes.length <= 20) return "has a salted hash without a salt";
    return {
      kind: "saltedSha1",
      digest: bytes.subarray(0, 20).toString("base64"),
      salt: bytes.subarray(20).toString("base64"),
    };
  }
  const md5 = /^\$(apr1|1)\$([./0-9A-Za-z]{1,8})\$([./0-9A-Za-z]{22})$/.exec(text);
  if (md5 !== null) {
    return { kind: "md5Crypt", variant: md5[1] as "apr1" | "1", salt: md5[2] as string, digest: md5[3] as string };
  }
  const bcrypt = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/.exec(text);
  if (bcrypt === null) return "has a hash of a format that is not known";
  const cost = Number(bcrypt[1]);
  if (cost < 4 || cost > maxBcryptCost) return `has a bcrypt hash of cost ${cost}; 4 to ${maxBcryptCost} are checked`;
  return { kind: "bcrypt", text };
}
