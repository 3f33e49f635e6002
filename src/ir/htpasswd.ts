/** What a file of htpasswd keeps of one password. */
export type PasswordHash =
  /** `{SHA}`: 20 bytes of SHA-1, without salt. */
  | { readonly kind: "sha1"; readonly digest: string }
  /** `$2y$`, `$2b$` or `$2a$`: bcrypt. */
  | { readonly kind: "bcrypt"; readonly text: string }
  /** `$apr1$`: Apache's thousand rounds of MD5. `digest` is in its own alphabet. */
  | { readonly kind: "apr1"; readonly salt: string; readonly digest: string };

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
 * is not known are not there: they come as problems, and so do lines without a user. Spec: htpasswd(1), Password Formats of Apache.
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
  const apr1 = /^\$apr1\$([./0-9A-Za-z]{1,8})\$([./0-9A-Za-z]{22})$/.exec(text);
  if (apr1 !== null) return { kind: "apr1", salt: apr1[1] as string, digest: apr1[2] as string };
  const bcrypt = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/.exec(text);
  if (bcrypt === null) return "has a hash of a format that is not known";
  const cost = Number(bcrypt[1]);
  if (cost < 4 || cost > maxBcryptCost) return `has a bcrypt hash of cost ${cost}; 4 to ${maxBcryptCost} are checked`;
  return { kind: "bcrypt", text };
}
