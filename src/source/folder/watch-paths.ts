import { basename, dirname } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { isManifestName } from "./list-files.ts";

export type PathWatcher = {
  /**
   * Sets the folders to watch; those that were watched already stay so. Resolves, when new ones are watched too, with
   * whether there were any: what changed in them before then has gone unseen.
   */
  setFolders(folders: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
};

export type WatchOptions = {
  /** Called when the entries of a folder, or a manifest in it, may have changed. Content may well be the same. */
  readonly onChange: () => void;
  /** Files that the user named, watched whatever they are called. */
  readonly files: readonly string[];
};

/**
 * Watches real folders, one level each, so that a replaced file, a new folder and a re-pointed `..data` link of a mounted
 * ConfigMap are all seen: links are watched as entries and not followed, the folders that they lead to are in the list.
 */
export function watchPaths(options: WatchOptions): PathWatcher {
  const watched = new Map<string, FSWatcher>();
  /** A watcher that is closed before it is ready never becomes so. */
  const closed = Promise.withResolvers<void>();
  const named = new Set(options.files.map((file) => basename(file)));
  const isOfInterest = (path: string): boolean => {
    const name = basename(path);
    return isManifestName(name) || name.startsWith("..") || named.has(name);
  };
  const start = (folder: string): FSWatcher =>
    watch(folder, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (path, stats) =>
        path !== folder &&
        dirname(path) === folder &&
        !isOfInterest(path) &&
        (stats === undefined ? false : !stats.isDirectory()),
    })
      .on("all", options.onChange)
      // The watcher drops some events that come close together. Its raw ones are all there; a name without a dot may be a folder.
      .on("raw", (_event, path) => {
        const name = typeof path === "string" ? basename(path) : "";
        if (!name.includes(".") || isOfInterest(name)) options.onChange();
      })
      // A folder that vanishes is seen by the watcher of the folder above, or by the next reading.
      .on("error", options.onChange);
  return {
    async setFolders(folders) {
      const wanted = new Set(folders);
      for (const [folder, watcher] of watched) {
        if (wanted.has(folder)) continue;
        watched.delete(folder);
        void watcher.close();
      }
      const fresh: Promise<void>[] = [];
      for (const folder of wanted) {
        if (watched.has(folder)) continue;
        const watcher = start(folder);
        watched.set(folder, watcher);
        fresh.push(new Promise((resolve) => watcher.once("ready", resolve)));
      }
      await Promise.race([Promise.all(fresh), closed.promise]);
      return fresh.length > 0;
    },
    async close() {
      closed.resolve();
      await Promise.all([...watched.values()].map((watcher) => watcher.close()));
      watched.clear();
    },
  };
}
