import type { SourcePart, Store } from "../../store/store.ts";
import { partsOf, readPaths } from "./load-paths.ts";
import { Settling, type SourceFiles } from "./settling.ts";
import type { SourceFile } from "./source-file.ts";
import { type PathWatcher, watchPaths } from "./watch-paths.ts";

export type FolderSourceOptions = {
  readonly store: Pick<Store, "replace">;
  /** Read for the path `-`, once. */
  readonly stdin?: AsyncIterable<Uint8Array | string>;
  /** Whether to read again when something changes, or only on `reload`. */
  readonly watch: "changes" | "nothing";
  /**
   * How long a change that takes objects away, or has errors, has to stay the same before it counts; at the latest after five
   * times that. Any other counts at once. Milliseconds; 100 unless given.
   */
  readonly quietMs?: number;
};

/** From a first change to the reading: files that are changed together are mostly read together. Milliseconds. */
const gatherMs = 15;

/**
 * Keeps a store in step with files and folders: reads them all at the start, and again whenever something in them
 * changes. Content is compared before anything is done; files whose bytes are the same are not parsed again.
 */
export class FolderSource {
  readonly #paths: readonly string[];
  readonly #options: FolderSourceOptions;
  readonly #watcher: PathWatcher | undefined;
  readonly #settling: Settling;
  #files: SourceFiles = new Map();
  #stdin: SourceFile | undefined;
  #parts: readonly SourcePart[] = [];
  /** To the next reading. */
  #timer: NodeJS.Timeout | undefined;
  /** When the timer ends, and when a reading may begin at the earliest: the one before took its time. */
  #dueMs = Number.POSITIVE_INFINITY;
  #restUntilMs = 0;
  #reading: Promise<void> | undefined;
  #again = false;
  #believesAll = false;
  #closed = false;

  constructor(paths: readonly string[], options: FolderSourceOptions) {
    this.#paths = paths;
    this.#options = options;
    const { quietMs = 100 } = options;
    this.#settling = new Settling({ quietMs, ceilingMs: 5 * quietMs });
    if (options.watch === "changes")
      this.#watcher = watchPaths({ onChange: () => this.#schedule(gatherMs), files: paths });
  }

  /** Reads everything into the store and begins to watch. */
  async start(): Promise<void> {
    await this.reload();
  }

  /** Reads everything again now and believes it, without waiting for a change (SIGHUP). Returns when the store is up to date. */
  async reload(): Promise<void> {
    await this.#read("all");
  }

  /** Stops watching; the store keeps what it has. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#watcher?.close();
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** `all`: losses count too, which otherwise have to stay for a while. */
  async #read(believe: "settled" | "all"): Promise<void> {
    if (this.#closed) return;
    if (believe === "all") this.#believesAll = true;
    // A reading under way may have passed a changed file already.
    this.#again = true;
    this.#reading ??= this.#readUntilCalm().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #readUntilCalm(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      const all = this.#believesAll;
      this.#believesAll = false;
      const startMs = performance.now();
      const { stdin } = this.#stdin === undefined ? this.#options : {};
      const read = await readPaths(this.#paths, { previous: this.#files, ...(stdin === undefined ? {} : { stdin }) });
      if (this.#closed) return;
      const endMs = performance.now();
      this.#restUntilMs = endMs + (endMs - startMs);
      if (all) this.#settling.clear();
      const { files, waitMs } = all
        ? { files: read.files, waitMs: undefined }
        : this.#settling.settle(this.#files, read.files, endMs);
      if (waitMs !== undefined) this.#schedule(waitMs);
      this.#files = files;
      this.#stdin ??= read.stdin;
      const sources = [...(this.#stdin === undefined ? [] : [this.#stdin]), ...files.values()];
      this.#parts = partsOf(read.listing, sources, this.#parts);
      this.#options.store.replace(this.#parts);
      if (await this.#watcher?.setFolders(read.listing.folders)) this.#again = true;
    }
  }

  /** A reading in `waitMs`, unless one comes earlier. */
  #schedule(waitMs: number): void {
    if (this.#closed) return;
    const nowMs = performance.now();
    const dueMs = Math.max(nowMs + waitMs, this.#restUntilMs);
    if (this.#timer !== undefined && this.#dueMs <= dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#read("settled");
    }, dueMs - nowMs);
  }
}
