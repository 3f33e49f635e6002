import { hash } from "node:crypto";
import { originOf } from "../base/record-changes.ts";

type JsonRecord = Readonly<Record<string, unknown>>;
type DescribeMembers = (value: JsonRecord, keys: readonly string[]) => string;

/** Records of this many members and more are described by bucket. Part of what a digest means: both ends must agree. */
export const largeRecord = 64;
/** Likewise. */
const bucketCount = 256;

const known = new WeakMap<object, BucketedRecord>();

/**
 * A large record as its digest sees it: members fall into buckets by their key, and the record is described by the hashes of its
 * buckets. A record that was made from another takes over the buckets that did not change.
 */
export class BucketedRecord {
  readonly #keys: readonly (readonly string[])[];
  readonly #hashes: readonly string[];
  readonly #size: number;

  private constructor(keys: readonly (readonly string[])[], hashes: readonly string[]) {
    this.#keys = keys;
    this.#hashes = hashes;
    this.#size = keys.reduce((sum, bucket) => sum + bucket.length, 0);
  }

  /** Canonical, and no text that a small record has. */
  get text(): string {
    return `{#${this.#hashes.join()}}`;
  }

  /** `keys` are those of members that are not `undefined`. */
  static build(value: JsonRecord, keys: readonly string[], describe: DescribeMembers): BucketedRecord {
    const buckets = Array.from({ length: bucketCount }, (): string[] => []);
    for (const key of keys) buckets[bucketOf(key)]!.push(key);
    const made = new BucketedRecord(
      buckets,
      buckets.map((bucket) => hashOf(describe(value, bucket))),
    );
    known.set(value, made);
    return made;
  }

  /** By what the record was made from; `undefined` when that is not known, or the record is not large. */
  static derive(value: JsonRecord, describe: DescribeMembers): BucketedRecord | undefined {
    const origin = originOf(value);
    const before = origin && known.get(origin.before);
    if (before === undefined) return undefined;
    const keys = [...before.#keys];
    const hashes = [...before.#hashes];
    const touched = new Map<number, Set<string>>();
    const bucket = (key: string): Set<string> => {
      const at = bucketOf(key);
      const members = touched.get(at) ?? new Set(keys[at]);
      touched.set(at, members);
      return members;
    };
    for (const key of origin!.changes.gone) bucket(key).delete(key);
    for (const key of origin!.changes.set) bucket(key).add(key);
    for (const [at, members] of touched) {
      keys[at] = [...members];
      hashes[at] = hashOf(describe(value, keys[at]));
    }
    const made = new BucketedRecord(keys, hashes);
    if (made.#size < largeRecord) return undefined;
    known.set(value, made);
    return made;
  }
}

/** FNV-1a: spreads keys evenly; what collides in it only shares a bucket. */
function bucketOf(key: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) sum = Math.imul(sum ^ key.charCodeAt(at), 0x01000193);
  return (sum ^ (sum >>> 16)) & (bucketCount - 1);
}

function hashOf(members: string): string {
  return members === "" ? "" : hash("sha256", members, "base64url").slice(0, 22);
}
