import { changesOf, copyRecord, noteChanges, setMember } from "../base/record-changes.ts";

type Table<T> = Readonly<Record<string, T>>;

/** The members of a table that somebody uses, kept from turn to turn: the same record while none of them changes. */
export class PickedRecord<T> {
  #source: Table<T> | undefined;
  #picked: Table<T> = {};

  get picked(): Table<T> {
    return this.#picked;
  }

  /** `touched`: keys of which it may have changed whether they are used since the last time. */
  pick(source: Table<T>, used: Pick<ReadonlySet<string>, "has">, touched: Iterable<string>): Table<T> {
    const before = this.#source;
    this.#source = source;
    if (before === undefined) {
      this.#picked = pickAll(source, used);
      return this.#picked;
    }
    const changes = changesOf(before, source);
    const set: string[] = [];
    const gone: string[] = [];
    for (const key of new Set([...touched, ...changes.set, ...changes.gone])) {
      const value = used.has(key) && Object.hasOwn(source, key) ? source[key] : undefined;
      const known = Object.hasOwn(this.#picked, key) ? this.#picked[key] : undefined;
      if (value === known) continue;
      if (value === undefined) gone.push(key);
      else set.push(key);
    }
    if (set.length + gone.length === 0) return this.#picked;
    const next = copyRecord(this.#picked);
    for (const key of gone) delete next[key];
    for (const key of set) setMember(next, key, source[key]!);
    noteChanges(next, this.#picked, { set, gone });
    this.#picked = next;
    return next;
  }
}

function pickAll<T>(source: Table<T>, used: Pick<ReadonlySet<string>, "has">): Table<T> {
  const picked: Record<string, T> = {};
  for (const [key, value] of Object.entries(source)) if (used.has(key)) setMember(picked, key, value);
  return picked;
}
