import type { SourcePart, Store } from "../../store/store.ts";
import { partsOf, readPaths } from "./load-paths.ts";
import type { SourceFile } from "./source-file.ts";
import { type PathWatcher, watchPaths } from "./watch-paths.ts";

export type FolderSourceOptions = {
  readonly store: Store;
  /** Read for the path `-`, once. */
  readonly stdin?: AsyncIterable<Uint8Array | string>;
  /**
   * Changes are acted on when there were none for so long, and at the latest after five times that, so that a file is
   * seldom read while it is being written. Milliseconds; 100 unless given.
   */
  readonly quietMs?: number;
};

/**
 * Keeps a store in step with files and folders: reads them all at the start, and again whenever something in them
 * changes. Content is compared before anything is done; files whose bytes are the same are not parsed again.
 */
export class FolderSource {
  readonly #paths: readonly string[];
  readonly #options: FolderSourceOptions;
  readonly #watcher: PathWatcher;
  #files: ReadonlyMap<string, SourceFile> = new Map();
  #stdin: SourceFile | undefined;
  #parts: readonly SourcePart[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Of the changes that the timer waits for. */
  #firstChangeMs: number | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(paths: readonly string[], options: FolderSourceOptions) {
    this.#paths = paths;
    this.#options = options;
    this.#watcher = watchPaths({ onChange: () => this.#schedule(), files: paths });
  }

  /** Reads everything into the store and begins to watch. */
  async start(): Promise<void> {
    await this.reload();
  }

  /** Reads everything again now, without waiting for a change (SIGHUP). Returns when the store is up to date. */
  async reload(): Promise<void> {
    if (this.#closed) return;
    // A reading under way may have passed a changed file already.
    this.#again = true;
    this.#reading ??= this.#readUntilCalm().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  /** Stops watching; the store keeps what it has. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#watcher.close();
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #readUntilCalm(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      const { stdin } = this.#stdin === undefined ? this.#options : {};
      const read = await readPaths(this.#paths, { previous: this.#files, ...(stdin === undefined ? {} : { stdin }) });
      if (this.#closed) return;
      this.#files = read.files;
      this.#stdin ??= read.stdin;
      const files = [...(this.#stdin === undefined ? [] : [this.#stdin]), ...read.files.values()];
      this.#parts = partsOf(read.listing, files, this.#parts);
      this.#options.store.replace(this.#parts);
      if (await this.#watcher.setFolders(read.listing.folders)) this.#again = true;
    }
  }

  #schedule(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const quietMs = this.#options.quietMs ?? 100;
    const now = performance.now();
    this.#firstChangeMs ??= now;
    const waitMs = Math.min(quietMs, Math.max(0, this.#firstChangeMs + 5 * quietMs - now));
    this.#timer = setTimeout(() => {
      this.#firstChangeMs = undefined;
      void this.reload();
    }, waitMs);
  }
}
