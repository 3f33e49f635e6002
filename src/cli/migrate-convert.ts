import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { reasonOf, UsageError } from "../base/usage-error.ts";
import type { Finding } from "../finding/finding.ts";
import { readIngresses } from "../ingress/read-ingresses.ts";
import { assumeSecrets } from "../migrate/convert/assumed-objects.ts";
import { type Conversion, convertIngresses } from "../migrate/convert/convert-ingresses.ts";
import { objectOf } from "../migrate/convert/manifest.ts";
import { type ConvertOptions, gatewayClasses } from "../migrate/convert/options.ts";
import { editFindings } from "../migrate/convert/write/edit-findings.ts";
import { folderTexts } from "../migrate/convert/write/folder-texts.ts";
import { type FolderTexts, mergeFolder } from "../migrate/convert/write/merge-folder.ts";
import { renderManifests } from "../migrate/convert/write/render-manifests.ts";
import { convertTraefik, type TraefikObject } from "../migrate/traefik/convert-traefik.ts";
import { readObjects } from "../source/folder/read-objects.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { Command } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { migratedIngresses } from "./migrated-ingresses.ts";
import { type ReadSource, readPaths } from "./read-paths.ts";
import { paintFor } from "./render/color.ts";
import { renderConversionReport } from "./render/conversion-report.ts";
import { renderData } from "./render/data.ts";
import { countFindings, renderCounts, renderFindings } from "./render/findings.ts";

/** What was written last time, beside what was written: the base of a merge with what a person edited since. */
const baseFile = ".sluice-migrate.json";

/** `sluice migrate convert`. */
export const migrateConvert: Command = async ({ args, flags, terminal }) => {
  const source = await readPaths(args);
  const snapshot = assumeSecrets(source.snapshot);
  const model = readIngresses(snapshot, migratedIngresses(flags, source.snapshot));
  const options = convertOptions(flags);
  const conversion = withTraefik(
    convertIngresses(model, snapshot, options),
    await traefikOf(args, source),
    snapshot,
    options,
  );
  const counts = countFindings(conversion.findings);
  const refused = flags.policies === "none" && counts.error > 0 && !flags.acceptLoss;
  const edits = refused ? [] : await write(conversion, flags, (text) => terminal.out(text));
  const all = [...source.findings, ...model.findings, ...conversion.findings, ...edits];
  const least = flags.quiet ? ["error"] : flags.verbose ? ["error", "warning", "info"] : ["error", "warning"];
  const shown = all.filter(({ severity }) => least.includes(severity));
  const paint = paintFor({ ...terminal, color: terminal.errColor });
  if (shown.length > 0) terminal.err(`${renderFindings(shown, { lines: source.lines, paint })}\n`);
  if (!flags.quiet) terminal.err(renderSummary(conversion, { all, refused, flags, ingresses: model.ingresses.length }));
  if (flags.report !== undefined) await writeReport(flags.report, conversion, all);
  return counts.error > 0 && !flags.acceptLoss ? 1 : 0;
};

/** Traefik's kinds are none of Sluice's: they are read once more, as they are written. */
async function traefikOf(args: readonly string[], source: ReadSource): Promise<readonly TraefikObject[]> {
  const { objects } = await readObjects(args, { stdin: Readable.from([source.stdin()]) });
  return objects;
}

/** On a Gateway of their own, if there is another one: what ingress-nginx does for all of its Ingresses is not for them. */
function withTraefik(
  conversion: Conversion,
  objects: readonly TraefikObject[],
  snapshot: Snapshot,
  options: ConvertOptions,
): Conversion {
  const { namespace, name } = options.gateway;
  const gateway = conversion.manifests.length === 0 ? options.gateway : { namespace, name: `${name}-traefik` };
  const { manifests, findings } = convertTraefik(objects, snapshot, { ...options, gateway });
  return {
    manifests: [...conversion.manifests, ...manifests],
    findings: [...conversion.findings, ...findings],
  };
}

function convertOptions(flags: FlagValues): ConvertOptions {
  return {
    policies: flags.policies,
    layout: flags.gatewayLayout,
    gateway: flags.gateway,
    gatewayClass: flags.gatewayClass ?? gatewayClasses[flags.policies],
    teamLabel: flags.teamLabel,
    defaultCertificate: flags.defaultCertificate,
  };
}

/** Into the folder, merged with what stands there, or to standard output. What is to be said of a person's edits comes back. */
async function write(
  { manifests }: Conversion,
  { toFolder, output }: FlagValues,
  out: (text: string) => void,
): Promise<readonly Finding[]> {
  if (toFolder === undefined) {
    const list = { apiVersion: "v1", kind: "List", items: manifests.map(objectOf) };
    out(output === "json" ? renderData(list, "json") : renderManifests(manifests));
    return [];
  }
  const converted = folderTexts(manifests);
  const base = await readBase(toFolder);
  const existing = await readFolder(toFolder, [...base.keys(), ...converted.keys()]);
  const { files, notes } = mergeFolder(existing, base, converted);
  for (const file of base.keys()) if (!files.has(file)) await rm(join(toFolder, file), { force: true });
  for (const [file, text] of files) if (existing.get(file) !== text) await writeText(join(toFolder, file), text);
  await writeText(join(toFolder, baseFile), `${JSON.stringify(Object.fromEntries(converted), undefined, 2)}\n`);
  return editFindings(notes, toFolder);
}

async function readBase(folder: string): Promise<FolderTexts> {
  const text = await readIfThere(join(folder, baseFile));
  if (text === undefined) return new Map();
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
  } catch (error) {
    throw new UsageError(
      `${join(folder, baseFile)} cannot be read: ${reasonOf(error)}. Restore it from Git, or use another folder.`,
    );
  }
}

async function readFolder(folder: string, files: readonly string[]): Promise<FolderTexts> {
  const texts = new Map<string, string>();
  for (const file of new Set(files)) {
    const text = await readIfThere(join(folder, file));
    if (text !== undefined) texts.set(file, text);
  }
  return texts;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new UsageError(`${path}: ${reasonOf(error)}`);
  }
}

async function writeText(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${reasonOf(error)}`);
  }
}

async function writeReport(path: string, conversion: Conversion, findings: readonly Finding[]): Promise<void> {
  await writeText(path, renderConversionReport(conversion, findings, path.endsWith(".json") ? "json" : "markdown"));
}

type Summary = {
  readonly all: readonly Finding[];
  readonly refused: boolean;
  readonly flags: FlagValues;
  readonly ingresses: number;
};

function renderSummary({ manifests }: Conversion, { all, refused, flags, ingresses }: Summary): string {
  const counts = countFindings(all);
  const hidden = counts.info > 0 && !flags.verbose ? " (-v shows them)" : "";
  const kinds = [...Map.groupBy(manifests, ({ kind }) => kind)].map(([kind, { length }]) => `${length} ${kind}`);
  const what = `${ingresses} Ingress${ingresses === 1 ? "" : "es"} to ${kinds.join(", ") || "nothing"}`;
  const where = flags.toFolder === undefined ? "" : ` in ${flags.toFolder}`;
  if (refused) return `${renderCounts(counts)}${hidden}; nothing was written: --accept-loss accepts what is lost\n`;
  return `${renderCounts(counts)}${hidden}; ${what}${where}\n`;
}
