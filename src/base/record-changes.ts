/** What differs between two records, by identity of their members. */
export type RecordChanges = {
  /** Members that the newer one has and the older had not, or not the same. */
  readonly set: readonly string[];
  /** Members that the older one had and the newer has not. */
  readonly gone: readonly string[];
};

type JsonRecord = Readonly<Record<string, unknown>>;
type Origin = { readonly before: WeakRef<object>; readonly changes: RecordChanges };

/** From what each large record was made. The older record is held weakly: history must not pile up. */
const origins = new WeakMap<object, Origin>();
/** Records with fewer members are compared again rather than remembered. */
const leastRemembered = 64;

/**
 * What changed from one record to another; members that are `undefined` count as absent. Costs what changed where that was
 * noted, and a comparison of all members otherwise. Records must never change.
 */
export function changesOf(before: JsonRecord, after: JsonRecord): RecordChanges {
  if (before === after) return nothing;
  const noted = originOf(after);
  if (noted?.before === before) return noted.changes;
  const set: string[] = [];
  const gone: string[] = [];
  let members = 0;
  for (const key in after) {
    members++;
    const value = after[key];
    if (value !== undefined && (!Object.hasOwn(before, key) || before[key] !== value)) set.push(key);
  }
  let common = 0;
  for (const key in before) {
    if (before[key] === undefined) continue;
    if (!Object.hasOwn(after, key) || after[key] === undefined) gone.push(key);
    else common++;
  }
  const changes = { set, gone };
  if (members > leastRemembered && common > 0) noteChanges(after, before, changes);
  return changes;
}

/** Remembers from what a record was made, for all that ask for the same difference afterwards. */
export function noteChanges(after: JsonRecord, before: JsonRecord, changes: RecordChanges): void {
  origins.set(after, { before: new WeakRef(before), changes });
}

/** The record that a record is known to have been made from, and what changed; `undefined` when that is not known any more. */
export function originOf(
  after: JsonRecord,
): { readonly before: JsonRecord; readonly changes: RecordChanges } | undefined {
  const origin = origins.get(after);
  const before = origin?.before.deref();
  return before === undefined ? undefined : { before: before as JsonRecord, changes: origin!.changes };
}

/**
 * Remembers from what a record was made whose maker knows which members it may have touched: `touched` are their keys, of which
 * some may be as they were.
 */
export function noteTouched(after: JsonRecord, before: JsonRecord, touched: Iterable<string>): void {
  const set: string[] = [];
  const gone: string[] = [];
  for (const key of new Set(touched)) {
    const value = Object.hasOwn(after, key) ? after[key] : undefined;
    const known = Object.hasOwn(before, key) ? before[key] : undefined;
    if (value === known) continue;
    if (value === undefined) gone.push(key);
    else set.push(key);
  }
  noteChanges(after, before, { set, gone });
}

/** A copy to be changed. The loop takes half the time of `{ ...record }` where members are many. */
export function copyRecord<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  const copy: Record<string, T> = {};
  for (const key in record) if (Object.hasOwn(record, key)) setMember(copy, key, record[key]!);
  return copy;
}

/** Sets a member of any name, `__proto__` among them. */
export function setMember<T>(record: Record<string, T>, key: string, value: T): void {
  if (key !== "__proto__") record[key] = value;
  else Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

const nothing: RecordChanges = { set: [], gone: [] };
