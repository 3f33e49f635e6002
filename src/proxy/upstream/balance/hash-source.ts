import { hash32 } from "../../../base/text-hash.ts";
import { withoutBackend } from "../../../ir/kept-backend.ts";
import { parseQuery } from "../../../ir/query.ts";
import type { HashSource } from "../../../ir/traffic/load-balancing.ts";
import { cookieValues } from "../../../wire/cookie.ts";

import type { BalanceSubject } from "./balance-subject.ts";

/**
 * The hash of what decides; `undefined` when the request has nothing of it. `keptAs`: of the backend, which the value of a cookie
 * names, too; `undefined`: it does not. Spec: BackendTrafficPolicy.loadBalancer.consistentHash.
 */
export function hashOf(source: HashSource, subject: BalanceSubject, keptAs: string | undefined): number | undefined {
  switch (source.kind) {
    case "sourceAddress":
      return hash32(subject.clientAddress);
    case "headers":
      return hashAll(source.names, (name) => subject.header(name));
    case "queryParams": {
      if (subject.query === "") return undefined;
      const values = parseQuery(subject.query);
      return hashAll(source.names, (name) => values.get(name));
    }
    case "template":
      return hash32(subject.text(source.template));
    case "cookie": {
      const value = cookieOf(source.name, subject);
      if (value === undefined) return undefined;
      return hash32(keptAs === undefined ? value : withoutBackend(value));
    }
  }
}

/** The value that a client's cookie of that name has; `undefined`: it has none, or an empty one. */
export function cookieOf(name: string, subject: Pick<BalanceSubject, "header">): string | undefined {
  const header = subject.header("cookie");
  if (header === undefined) return undefined;
  return cookieValues(header, name)[0] || undefined;
}

function hashAll(names: readonly string[], read: (name: string) => string | undefined): number | undefined {
  let hash: number | undefined;
  for (const name of names) {
    const value = read(name);
    // A value alone would be the same under another name.
    if (value !== undefined) hash = hash32(value, hash32(name, hash));
  }
  return hash;
}
