import type { EntryState, StatusEntry } from "./status-entry.ts";
import { WriteQueue } from "./write-queue.ts";

const urgentKinds: readonly string[] = ["GatewayClass", "Gateway"];

/** The objects whose statuses are ours to write, and when the turn of each is. */
export class EntrySchedule {
  readonly #entries = new Map<string, StatusEntry>();
  readonly #unsettled = new Set<StatusEntry>();
  readonly #queue = new WriteQueue();
  readonly #onDue: () => void;

  /** `onDue` is called when the wait of an entry is over. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** How many wait to be looked at or written, or are being written. */
  get pending(): number {
    return this.#unsettled.size;
  }

  get(key: string): StatusEntry | undefined {
    return this.#entries.get(key);
  }

  has(entry: StatusEntry): boolean {
    return this.#entries.get(entry.key) === entry;
  }

  /** Whose turn it is now. It stays so until its state is another. */
  next(): StatusEntry | undefined {
    const key = this.#queue.peek();
    return key === undefined ? undefined : this.#entries.get(key);
  }

  add(entry: StatusEntry): void {
    this.#entries.set(entry.key, entry);
    this.enqueue(entry);
  }

  enqueue(entry: StatusEntry): void {
    clearTimeout(entry.timer);
    this.#set(entry, "queued");
    this.#queue.add(entry.key, urgentKinds.includes(entry.ref.kind) ? "urgent" : "normal");
  }

  /** Its turn is in `ms`, or now. */
  delay(entry: StatusEntry, ms: number): void {
    if (ms <= 0) {
      this.enqueue(entry);
      return;
    }
    clearTimeout(entry.timer);
    this.#queue.remove(entry.key);
    this.#set(entry, "delayed");
    entry.timer = setTimeout(() => {
      this.enqueue(entry);
      this.#onDue();
    }, ms);
  }

  /** A request for it is on its way. */
  ask(entry: StatusEntry): void {
    this.#queue.remove(entry.key);
    this.#set(entry, "asking");
  }

  /** It needs nothing now. */
  settle(entry: StatusEntry): void {
    // One that was forgotten meanwhile may have a successor.
    if (this.has(entry)) this.#queue.remove(entry.key);
    this.#set(entry, "settled");
  }

  forget(entry: StatusEntry): void {
    clearTimeout(entry.timer);
    this.#queue.remove(entry.key);
    this.#unsettled.delete(entry);
    this.#entries.delete(entry.key);
  }

  clear(): void {
    for (const entry of this.#entries.values()) clearTimeout(entry.timer);
    this.#entries.clear();
    this.#unsettled.clear();
    this.#queue.clear();
  }

  #set(entry: StatusEntry, state: EntryState): void {
    entry.state = state;
    if (state === "settled" || !this.has(entry)) this.#unsettled.delete(entry);
    else this.#unsettled.add(entry);
  }
}
