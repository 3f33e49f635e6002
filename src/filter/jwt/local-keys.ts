import type { PublicJwk } from "../../ir/jwt.ts";
import type { KeySet, Keys } from "./key-set.ts";

/** Keys that stand in the configuration: they change with it. */
export class LocalKeys implements KeySet {
  readonly #keys: readonly PublicJwk[];
  #loaded: Keys | undefined;

  constructor(keys: readonly PublicJwk[]) {
    this.#keys = keys;
  }

  current(): Keys | undefined {
    return this.#loaded;
  }

  async load(): Promise<Keys> {
    const { findAmong } = await import("./jose.ts");
    this.#loaded ??= { find: findAmong(this.#keys) };
    return this.#loaded;
  }

  loadNewer(seen: Keys): Promise<Keys> {
    return Promise.resolve(seen);
  }
}
