import { FolderSource } from "../source/folder/folder-source.ts";
import { partsOf, readPaths } from "../source/folder/load-paths.ts";
import type { SourceFile } from "../source/folder/source-file.ts";
import type { Store } from "../store/store.ts";

/** Files and folders that fill a store: watched, or read again only when asked. */
export interface PathsSource {
  /** Reads everything for the first time. */
  start(): Promise<void>;
  /** Reads everything again. Standard input is not read twice: what it said stays. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export type PathsSourceOptions = {
  readonly store: Store;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly watch: "changes" | "nothing";
};

export function openPaths(paths: readonly string[], options: PathsSourceOptions): PathsSource {
  return options.watch === "changes" ? new FolderSource(paths, options) : new UnwatchedPaths(paths, options);
}

class UnwatchedPaths implements PathsSource {
  readonly #paths: readonly string[];
  readonly #options: PathsSourceOptions;
  #files: ReadonlyMap<string, SourceFile> = new Map();
  #stdin: SourceFile | undefined;

  constructor(paths: readonly string[], options: PathsSourceOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  start(): Promise<void> {
    return this.reload();
  }

  async reload(): Promise<void> {
    const input = this.#stdin ? {} : { stdin: this.#options.stdin };
    const { files, listing, stdin } = await readPaths(this.#paths, { previous: this.#files, ...input });
    this.#files = files;
    this.#stdin ??= stdin;
    this.#options.store.replace(partsOf(listing, [...(this.#stdin ? [this.#stdin] : []), ...files.values()]));
  }

  async close(): Promise<void> {}
}
