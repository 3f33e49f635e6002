import type { Dirent, Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Finding } from "../../finding/finding.ts";
import { fileFinding } from "./file-finding.ts";

/** What stands under the given paths. */
export type Listing = {
  /** Paths as users know them, in order, each real file once. */
  readonly files: readonly string[];
  /** Real folders whose entries decide what is listed, for watching. */
  readonly folders: readonly string[];
  /** Paths that cannot be read, folders that hold nothing, what is beyond the limits. */
  readonly findings: readonly Finding[];
  /** Whether a limit ended the walk: files that are not listed may be there all the same. */
  readonly cutShort: boolean;
};

/** What is read from all paths together. Every folder is watched, which costs the kernel and this process memory. */
export const listLimits = { files: 10_000, folders: 1000, entries: 100_000, depth: 32 } as const;

const manifestName = /\.(?:ya?ml|json)$/i;

/** Whether a folder's entry of this name may be a manifest. */
export function isManifestName(name: string): boolean {
  return manifestName.test(name) && !name.startsWith(".");
}

/**
 * Lists manifests: files as given, folders with all below them in the order of names. Hidden entries and node_modules
 * are left out. Symbolic links are followed, each real file and folder once, so a mounted ConfigMap is read through its
 * visible names and loops end; a link to a folder above it is not followed. A finding names what is left out.
 */
export async function listFiles(paths: readonly string[]): Promise<Listing> {
  const walk: Walk = { files: [], folders: new Set(), findings: [], seen: new Set(), entries: 0, full: false };
  for (const path of paths) {
    const before = walk.files.length;
    const info = await statOf(path, walk);
    if (info === undefined) continue;
    if (info.isDirectory()) {
      await walkFolder(path, 0, walk);
      if (walk.files.length === before) {
        walk.findings.push(
          fileFinding("no-objects", path, {
            message: `\`${path}\` contains no manifests.`,
            fix: "Pass a folder with .yaml, .yml or .json files.",
          }),
        );
      }
    } else {
      await addFile(path, walk);
    }
  }
  return { files: walk.files, folders: [...walk.folders], findings: walk.findings, cutShort: walk.full };
}

type Walk = {
  readonly files: string[];
  readonly folders: Set<string>;
  readonly findings: Finding[];
  readonly seen: Set<string>;
  /** Entries of folders looked at. */
  entries: number;
  full: boolean;
};

async function walkFolder(path: string, depth: number, walk: Walk): Promise<void> {
  let entries: Dirent[];
  try {
    const real = await realpath(path);
    if (walk.seen.has(real)) return;
    if (depth > listLimits.depth) return leaveOut(path, `It is more than ${listLimits.depth} folders deep`, walk);
    if (walk.folders.size >= listLimits.folders) return endWalk(path, `more than ${listLimits.folders} folders`, walk);
    walk.seen.add(real);
    walk.folders.add(real);
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    walk.findings.push(unreadable(path, error));
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (walk.full) return;
    if (++walk.entries > listLimits.entries) return endWalk(path, `more than ${listLimits.entries} entries`, walk);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const below = join(path, entry.name);
    const isLink = entry.isSymbolicLink();
    const info = isLink ? await statOf(below, walk) : entry;
    if (info?.isDirectory()) {
      if (isLink && (await leadsUp(below, walk))) continue;
      await walkFolder(below, depth + 1, walk);
    } else if (info?.isFile() && isManifestName(entry.name)) await addFile(below, walk);
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
  if (walk.files.length >= listLimits.files) return endWalk(path, `more than ${listLimits.files} files`, walk);
  walk.files.push(path);
}

/** Whether a link leads to a folder that it stands in or below. One that has been walked is left out in silence. */
async function leadsUp(link: string, walk: Walk): Promise<boolean> {
  try {
    const [target, place] = await Promise.all([realpath(link), realpath(dirname(link))]);
    if (walk.seen.has(target) || !`${place}/`.startsWith(target === "/" ? "/" : `${target}/`)) return false;
    leaveOut(link, `It is a link to \`${target}\`, a folder above it`, walk);
    return true;
  } catch {
    // It has gone since; the folder tells of the next change.
    return true;
  }
}

function leaveOut(path: string, reason: string, walk: Walk): void {
  const message = `\`${path}\` is not read. ${reason}.`;
  walk.findings.push(
    fileFinding("source-too-large", path, { message, fix: "Remove it, or pass the folder itself as an argument." }),
  );
}

/** Ends the walk where a limit is reached, with one finding. */
function endWalk(path: string, excess: string, walk: Walk): void {
  if (walk.full) return;
  walk.full = true;
  walk.findings.push(
    fileFinding("source-too-large", path, {
      message: `There are ${excess}; \`${path}\` and everything after it are not read.`,
      fix: "Pass fewer or smaller folders.",
    }),
  );
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
  EACCES: "cannot be read by this user: permission denied",
  EPERM: "cannot be read by this user: permission denied",
  ELOOP: "is a symbolic link that forms a loop",
  EISDIR: "is a folder",
};

/** Tells that a path cannot be read, and why. */
export function unreadable(path: string, error: unknown): Finding {
  const code = (error as NodeJS.ErrnoException)?.code ?? "";
  return fileFinding("path-unreadable", path, {
    message: `\`${path}\` ${causes[code] ?? `cannot be read (${code || "unknown error"})`}.`,
    fix: code === "ENOENT" ? "Correct the path." : "Make it readable, or pass another path.",
  });
}
