import type { Clock } from "../../base/clock.ts";
import { ExpiringMap } from "../../base/expiring-map.ts";
import { KeyedHash } from "../../base/keyed-hash.ts";

/** What is kept at a time, and the largest of it: characters of its headers. */
const maxEntries = 4_096;
const maxLength = 4_096;

/**
 * What an authorisation server has said, for as long as it holds. What was asked is known by a keyed hash, so that nothing of
 * anybody's credentials is kept.
 */
export class Remembered<Said> {
  /** Of the filter that asked: under other settings is asked anew. */
  readonly settings: string;
  readonly #names = new KeyedHash();
  readonly #said: ExpiringMap<Said>;

  constructor(settings: string, clock: Clock) {
    this.settings = settings;
    this.#said = new ExpiringMap(maxEntries, clock);
  }

  /** The same for the same parts in the same order, and for no others. */
  nameOf(...parts: readonly (string | Buffer)[]): string {
    return this.#names.of(...parts);
  }

  find(name: string): Said | undefined {
    return this.#said.get(name);
  }

  /** `length`: of its headers, in characters. What is too large is not kept. */
  keep(name: string, said: Said, { length, ttlMs }: { readonly length: number; readonly ttlMs: number }): void {
    if (length <= maxLength) this.#said.set(name, said, ttlMs);
  }
}

/** `previous`, unless it was said under other settings: then all is asked anew. */
export function rememberedFor<Said>(
  filter: unknown,
  clock: Clock,
  previous: Remembered<Said> | undefined,
): Remembered<Said> {
  const settings = JSON.stringify(filter);
  return previous?.settings === settings ? previous : new Remembered(settings, clock);
}
