import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../telemetry/log.ts";
import { reasonOf } from "./controller-connection.ts";
import { deltaOf } from "./delta.ts";
import { appendPrivateFile, replacePrivateFile } from "./private-file.ts";
import { type LogPlace, readStateLog, renderChange, renderSnapshot } from "./state-log.ts";
import type { HeldState } from "./stream-client.ts";

const fileName = "state.json";
/** A large state is made into text in pieces, and requests served between them: it may take this share of the time at most. */
const maxShare = 0.01;
/** The file is written whole again when its changes are larger than the state, and larger than this. Bytes. */
const leastCompacted = 256 * 1024;

export type StateFileOptions = {
  /** Made when it does not exist, for its owner alone. */
  readonly directory: string;
  readonly log: Logger;
  /** Shortest time between two writes while the state changes; longer after one that took long. Default 3,000 ms. */
  readonly intervalMs?: number;
};

/** A state from before. */
export type SavedState = HeldState & {
  /** When it was saved; milliseconds since the epoch. */
  readonly savedMs: number;
};

/** What the file holds, so that a change can be added to it. */
type Written = {
  readonly held: HeldState;
  readonly end: LogPlace;
  /** Bytes, of all and of the whole state that it begins with. */
  readonly size: number;
  readonly snapshotSize: number;
};

/**
 * The last good state on disk, so that a proxy serves before any controller answers: a whole state and the changes since, so
 * that a change costs what changed. It holds private keys: the file is 0600, and a directory that is made for it 0700. Failures
 * to read or write are told and never stop the proxy.
 */
export class StateFile {
  readonly #options: StateFileOptions;
  readonly #path: string;
  #next: HeldState | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #written: Written | undefined;
  /** How long the last write took to be made into text. */
  #renderMs = 0;

  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#path = join(options.directory, fileName);
  }

  /** The state that was saved last; `undefined` when there is none, or it is broken or of another version. */
  async load(): Promise<SavedState | undefined> {
    const { log } = this.#options;
    this.#written = undefined;
    try {
      const { mtimeMs: savedMs, size } = await stat(this.#path);
      const { held, end, snapshotSize } = readStateLog(await readFile(this.#path, "utf8"));
      if (end === undefined) log.warn("The end of the saved state is broken; the state before it is used.");
      if (end !== undefined) this.#written = { held, end, size, snapshotSize };
      return { ...held, savedMs };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        log.warn("The saved state cannot be used; the proxy waits for a controller.", { reason: reasonOf(error) });
      }
      return undefined;
    }
  }

  /** Saves a state soon: the newest of those that come within the interval. */
  save(held: HeldState): void {
    this.#next = held;
    if (this.#timer !== undefined) return;
    const intervalMs = Math.max(this.#options.intervalMs ?? 3_000, this.#renderMs / maxShare);
    this.#timer = setTimeout(() => this.#write(), intervalMs);
    this.#timer.unref();
  }

  /** Saves what has not been saved. Never rejects. */
  async flush(): Promise<void> {
    this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#next;
    this.#next = undefined;
    if (held === undefined) return;
    this.#writing = this.#writing
      .then(async () => {
        const before = this.#written;
        // Until it has succeeded, nothing is known of what the file ends with.
        this.#written = undefined;
        this.#written = (before && (await this.#append(before, held))) ?? (await this.#replace(held));
      })
      .catch((error: unknown) => {
        this.#options.log.warn("The state cannot be saved; after a restart the proxy waits for a controller.", {
          reason: reasonOf(error),
        });
      });
  }

  /** `undefined`: the file is to be written whole. */
  async #append(before: Written, held: HeldState): Promise<Written | undefined> {
    const { size, snapshotSize } = before;
    if (size - snapshotSize > Math.max(snapshotSize, leastCompacted)) return undefined;
    const startMs = performance.now();
    const delta = deltaOf(before.held.state, held.state);
    if (delta === undefined) return { ...before, held };
    const { record, end } = renderChange(delta, before.end);
    this.#renderMs = performance.now() - startMs;
    const grown = await appendPrivateFile(this.#path, record, size);
    return grown === undefined ? undefined : { held, end, size: grown, snapshotSize };
  }

  /** States never change, so it is one state all along. */
  async #replace(held: HeldState): Promise<Written> {
    const { bytes, made, renderMs } = await replacePrivateFile(this.#path, renderSnapshot(held.state));
    this.#renderMs = renderMs;
    return { held, end: made, size: bytes, snapshotSize: bytes };
  }
}
