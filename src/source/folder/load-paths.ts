import { isDeepStrictEqual } from "node:util";
import type { Finding } from "../../finding/finding.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { type SourcePart, Store } from "../../store/store.ts";
import { type Listing, listFiles } from "./list-files.ts";
import { type FileText, readStream, readText, totalSizeLimitBytes } from "./read-file.ts";
import { keptWhole, type SourceFile, updateSourceFile, vanishedSourceFile } from "./source-file.ts";

export type LoadOptions = {
  /** Read for the path `-`, once. */
  readonly stdin?: AsyncIterable<Uint8Array | string>;
};

/** What the paths hold. */
export type LoadedPaths = {
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
  /** Whether any of the given paths could not be read: commands then exit with 2. */
  readonly unreadable: boolean;
};

/**
 * Reads manifests once: files, folders (recursive), and standard input as `-`. Never throws for what it finds; findings
 * tell what could not be read.
 */
export async function loadPaths(paths: readonly string[], options: LoadOptions = {}): Promise<LoadedPaths> {
  const store = new Store();
  const { files, listing, stdin } = await readPaths(paths, { ...options, previous: new Map() });
  store.replace(partsOf(listing, [...(stdin === undefined ? [] : [stdin]), ...files.values()]));
  const { snapshot, findings } = store.state;
  return { snapshot, findings, unreadable: findings.some(({ name }) => name === "path-unreadable") };
}

export type ReadPaths = {
  readonly files: ReadonlyMap<string, SourceFile>;
  readonly listing: Listing;
  readonly stdin: SourceFile | undefined;
};

/** Reads what the paths hold now; files of `previous` whose content is the same come back as the same objects. */
export async function readPaths(
  paths: readonly string[],
  options: LoadOptions & { readonly previous: ReadonlyMap<string, SourceFile> },
): Promise<ReadPaths> {
  const { stdin, previous } = options;
  const listing = await listFiles(paths.filter((path) => path !== "-"));
  const fromInput =
    paths.includes("-") && stdin !== undefined ? updateSourceFile("-", await readStream(stdin)) : undefined;
  const files = new Map<string, SourceFile>();
  let bytesLeft = totalSizeLimitBytes;
  for (const file of listing.files) {
    const content: FileText = await readText(file, bytesLeft);
    if ("bytes" in content) bytesLeft -= content.bytes;
    files.set(file, updateSourceFile(file, content, previous.get(file)));
  }
  // Where the walk was cut short, what it has not come to is most likely as it was.
  if (listing.cutShort) for (const [file, former] of previous) if (!files.has(file)) files.set(file, former);
  const findings = listing.findings.flatMap((finding) => [finding, ...keepVanished(finding, files, previous)]);
  return { files, listing: { ...listing, findings }, stdin: fromInput };
}

/**
 * Files that were read before and stand at, or below, a path that cannot be read now stay in force: a share that is
 * gone for a moment must not take traffic down. Returns one finding for all of them.
 */
function keepVanished(
  finding: Finding,
  files: Map<string, SourceFile>,
  previous: ReadonlyMap<string, SourceFile>,
): readonly Finding[] {
  const path = finding.position?.file;
  if (finding.name !== "path-unreadable" || path === undefined) return [];
  const below = `${path.replace(/\/+$/, "")}/`;
  const kept: SourceFile[] = [];
  for (const [file, former] of previous) {
    if (files.has(file) || (file !== path && !file.startsWith(below))) continue;
    const vanished = vanishedSourceFile(former);
    files.set(file, vanished);
    kept.push(vanished);
  }
  return keptWhole(
    path,
    kept.flatMap(({ part }) => part.resources),
    finding,
  );
}

/**
 * The store's view of what was read: files in order, then what is wrong with the paths themselves. `previous`: the last
 * view, of which an unchanged part is used again.
 */
export function partsOf(
  listing: Listing,
  files: Iterable<SourceFile>,
  previous: readonly SourcePart[] = [],
): readonly SourcePart[] {
  const parts = [...files].map(({ part }) => part);
  if (listing.findings.length === 0) return parts;
  const own: SourcePart = { file: "", resources: [], findings: listing.findings, ignored: [] };
  const last = previous.at(-1);
  return [...parts, last !== undefined && isDeepStrictEqual(last, own) ? last : own];
}
