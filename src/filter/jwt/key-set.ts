import type { FindKey } from "./jose.ts";

/** Keys of a provider at one time: another object as soon as they are others. */
export type Keys = { readonly find: FindKey };

/** Keys of a provider over time. */
export interface KeySet {
  /**
   * The keys, when they may be used without waiting; has them fetched again in time. What was verified with them holds as long
   * as they are the same.
   */
  current(): Keys | undefined;
  /** The keys, perhaps after a fetch; `undefined`: they cannot be had. */
  load(): Promise<Keys | undefined>;
  /** The keys after `seen` turned out to have none for a token; `seen` itself when they are no others, or were asked for lately. */
  loadNewer(seen: Keys): Promise<Keys>;
}
