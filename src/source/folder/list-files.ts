import type { Dirent, Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Finding } from "../../finding/finding.ts";
import { fileFinding } from "./file-finding.ts";

/** What stands under the given paths. */
export type Listing = {
  /** Paths as users know them, in order, each real file once. */
  readonly files: readonly string[];
  /** Real folders whose entries decide what is listed, for watching. */
  readonly folders: readonly string[];
  /** Paths that cannot be read, folders that hold nothing. */
  readonly findings: readonly Finding[];
};

/** Files read from all paths together. */
export const fileLimit = 10_000;

const manifestName = /\.(?:ya?ml|json)$/i;

/** Whether a folder's entry of this name may be a manifest. */
export function isManifestName(name: string): boolean {
  return manifestName.test(name) && !name.startsWith(".");
}

/**
 * Lists manifests: files as given, folders with all below them in the order of names. Hidden entries and node_modules
 * are left out. Symbolic links are followed, each real file and folder once, so a mounted ConfigMap is read through its
 * visible names and loops end.
 */
export async function listFiles(paths: readonly string[]): Promise<Listing> {
  const walk: Walk = { files: [], folders: new Set(), findings: [], seen: new Set(), full: false };
  for (const path of paths) {
    const before = walk.files.length;
    const info = await statOf(path, walk);
    if (info === undefined) continue;
    if (info.isDirectory()) {
      await walkFolder(path, walk);
      if (walk.files.length === before) {
        walk.findings.push(
          fileFinding("no-objects", path, {
            message: `\`${path}\` has no manifests.`,
            fix: "Name a folder with .yaml, .yml or .json files.",
          }),
        );
      }
    } else {
      await addFile(path, walk);
    }
  }
  return { files: walk.files, folders: [...walk.folders], findings: walk.findings };
}

type Walk = {
  readonly files: string[];
  readonly folders: Set<string>;
  readonly findings: Finding[];
  readonly seen: Set<string>;
  full: boolean;
};

async function walkFolder(path: string, walk: Walk): Promise<void> {
  let entries: Dirent[];
  try {
    const real = await realpath(path);
    if (walk.seen.has(real)) return;
    walk.seen.add(real);
    walk.folders.add(real);
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    walk.findings.push(unreadable(path, error));
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (walk.full || entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const below = join(path, entry.name);
    const info = entry.isSymbolicLink() ? await statOf(below, walk) : entry;
    if (info?.isDirectory()) await walkFolder(below, walk);
    else if (info?.isFile() && isManifestName(entry.name)) await addFile(below, walk);
  }
}

async function addFile(path: string, walk: Walk): Promise<void> {
  try {
    const real = await realpath(path);
    walk.folders.add(await realpath(dirname(path)));
    walk.folders.add(dirname(real));
    if (walk.seen.has(real)) return;
    walk.seen.add(real);
  } catch (error) {
    walk.findings.push(unreadable(path, error));
    return;
  }
  if (walk.files.length >= fileLimit) {
    if (!walk.full) {
      walk.findings.push(
        fileFinding("source-too-large", path, {
          message: `There are more than ${fileLimit} files; \`${basename(path)}\` and those after it are not read.`,
          fix: "Name fewer or smaller folders.",
        }),
      );
    }
    walk.full = true;
    return;
  }
  walk.files.push(path);
}

async function statOf(path: string, walk: Walk): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    // An entry that a folder listed a moment ago may be gone; a dangling link is worth a word all the same.
    walk.findings.push(unreadable(path, error));
    // The folder above tells when it appears.
    await realpath(dirname(path)).then(
      (folder) => walk.folders.add(folder),
      () => undefined,
    );
    return undefined;
  }
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "may not be read by this user",
  EPERM: "may not be read by this user",
  ELOOP: "is a symbolic link that leads in circles",
  EISDIR: "is a folder",
};

/** Tells that a path cannot be read, and why. */
export function unreadable(path: string, error: unknown): Finding {
  const code = (error as NodeJS.ErrnoException)?.code ?? "";
  return fileFinding("path-unreadable", path, {
    message: `\`${path}\` ${causes[code] ?? `cannot be read (${code || "unknown error"})`}.`,
    fix: code === "ENOENT" ? "Correct the path." : "Make it readable, or name another path.",
  });
}
