import { backendIn } from "../ir/kept-backend.ts";
import type { HttpRule } from "../ir/routing-model.ts";
import { cookieValues } from "../wire/cookie.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";

/** Which backend of a rule a client has kept to, by its cookie. */
export class KeptBackends {
  readonly #cookie: string;
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(cookie: string, backends: HttpRule["backends"]) {
    this.#cookie = cookie;
    this.#indexes = new Map(
      backends.flatMap(({ keptAs }, index) => (keptAs === undefined ? [] : [[keptAs, index] as const])),
    );
  }

  /** Its index; -1: the client has none, or one that nobody serves. `cookies`: the request's Cookie header. */
  find(cookies: string | undefined, backends: readonly { readonly cluster: ClusterRuntime | undefined }[]): number {
    if (cookies === undefined) return -1;
    for (const value of cookieValues(cookies, this.#cookie)) {
      const index = this.#indexes.get(backendIn(value) ?? "");
      if (index !== undefined && (backends[index]?.cluster?.serving.length ?? 0) > 0) return index;
    }
    return -1;
  }
}
