/**
 * Compares the declarations of `src/resource/schema/` with the CRDs of a Gateway API release, field by field, and prints
 * every difference: `node tools/crd-agreement.ts DIRECTORY`, where DIRECTORY holds the CRDs of the experimental channel.
 * With `--channels STANDARD`, lists the fields that the standard channel lacks. Exits with 1 when something differs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import { type Kind, kindNames, kinds } from "../src/resource/kinds.ts";
import { type FieldTree, fieldTree } from "../src/resource/schema/field-tree.ts";
import type { FieldsSchema } from "../src/resource/schema/spec.ts";

export type Crd = {
  readonly kind: string;
  readonly group: string;
  readonly versions: readonly { readonly name: string; readonly served: boolean; readonly schema: FieldTree }[];
};

export type Difference = {
  readonly kind: string;
  readonly version: string;
  readonly path: string;
  readonly what: string;
};

/** Where the declarations differ on purpose, and why. */
export const intended: readonly { readonly what: RegExp; readonly why: string }[] = [
  {
    what: /^default \[\] instead of undefined$/,
    why: "TLSRoute v1alpha2 may leave hostnames out; read as v1, the list is empty.",
  },
  {
    what: /^pattern \^\[!-~\]\(\[\\t \]\?\[!-~\]\)\*\$ instead of \^\[!-~\]\+\(\[\\t \]\?\[!-~\]\+\)\*\$$/,
    why: "The same strings, without the nested repetition that takes exponential time in a backtracking engine.",
  },
];

const limits = [
  "type",
  "default",
  "enum",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
] as const;

/** Reads the CRDs of a directory; other documents are left out. */
export function readCrds(directory: string): readonly Crd[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((name) =>
      parseAllDocuments(readFileSync(join(directory, name), "utf8")).map((document) => document.toJS()),
    )
    .filter((json) => json?.kind === "CustomResourceDefinition")
    .map((json) => ({
      kind: json.spec.names.kind,
      group: json.spec.group,
      versions: json.spec.versions.map(
        (version: { name: string; served: boolean; schema: { openAPIV3Schema: FieldTree } }) => ({
          name: version.name,
          served: version.served,
          schema: version.schema.openAPIV3Schema,
        }),
      ),
    }));
}

/** Every difference between the CRDs and the declarations, but for those that are intended. */
export function differences(crds: readonly Crd[]): readonly Difference[] {
  const found: Difference[] = [];
  for (const kind of kindNames) {
    if (kinds[kind].channel !== "standard" && kinds[kind].channel !== "experimental") continue;
    const crd = crds.find((one) => one.kind === kind && one.group === kinds[kind].group);
    if (crd === undefined) {
      found.push({ kind, version: "", path: "", what: "there is no CRD of this kind" });
      continue;
    }
    for (const version of crd.versions) found.push(...compareVersion(kind, version));
  }
  return found.filter(({ what }) => !intended.some((one) => one.what.test(what)));
}

function compareVersion(kind: Kind, version: Crd["versions"][number]): readonly Difference[] {
  const versions: Readonly<Record<string, { readonly schema: FieldsSchema }>> = kinds[kind].versions;
  const found: Difference[] = [];
  const report = (path: string, what: string) => found.push({ kind, version: version.name, path, what });
  const own = versions[version.name];
  const [theirSpec, ownSpec] = [version.schema.properties?.["spec"], own && fieldTree(own.schema).properties?.["spec"]];
  if (theirSpec === undefined || ownSpec === undefined) report("", "is served by the CRD and not read");
  else compare(ownSpec, theirSpec, "spec", report);
  return found;
}

function compare(own: FieldTree, theirs: FieldTree, path: string, report: (path: string, what: string) => void): void {
  for (const limit of limits) {
    const [ours, official] = [normal(own, limit), normal(theirs, limit)];
    if (!isDeepStrictEqual(ours, official))
      report(path, `${limit} ${JSON.stringify(ours)} instead of ${JSON.stringify(official)}`);
  }
  // Escapes that change nothing.
  const [ours, official] = [own, theirs].map((tree) => tree.pattern?.replaceAll("\\/", "/").replaceAll("\\-", "-"));
  if (ours !== official) report(path, `pattern ${ours} instead of ${official}`);
  const required = (tree: FieldTree) =>
    new Set((tree.required ?? []).filter((name) => tree.properties?.[name]?.default === undefined));
  if (!isDeepStrictEqual(required(own), required(theirs))) {
    report(path, `requires ${[...required(own)]} instead of ${[...required(theirs)]}`);
  }
  for (const [name, child] of Object.entries(theirs.properties ?? {})) {
    const mine = own.properties?.[name];
    if (mine === undefined) report(`${path}.${name}`, "is not declared");
    else compare(mine, child, `${path}.${name}`, report);
  }
  for (const name of Object.keys(own.properties ?? {})) {
    if (theirs.properties?.[name] === undefined) report(`${path}.${name}`, "is declared and does not exist");
  }
  if (theirs.items !== undefined && own.items !== undefined) compare(own.items, theirs.items, `${path}[]`, report);
  const [map, theirMap] = [own.additionalProperties, theirs.additionalProperties];
  if (typeof theirMap === "object") {
    if (typeof map === "object") compare(map, theirMap, `${path}{}`, report);
    else report(path, "is no map");
  }
}

/** What is left unsaid in one of the two notations. */
function normal(tree: FieldTree, limit: (typeof limits)[number]): unknown {
  const value = tree[limit];
  if (limit === "type" && value === "number" && tree.enum?.every(Number.isInteger)) return "integer";
  if (limit === "minLength" && value === 0) return undefined;
  if (limit === "x-kubernetes-list-type" && value === "atomic") return undefined;
  if (limit === "enum" && Array.isArray(value)) return [...value].map(String).sort();
  // JSON Schema writes int32 as bounds.
  if (limit === "minimum" && value === -2147483648) return undefined;
  if (limit === "maximum" && (value === 2147483647 || value === Number.MAX_SAFE_INTEGER)) return undefined;
  if (limit === "minimum" && value === Number.MIN_SAFE_INTEGER) return undefined;
  return value;
}

/** Paths of the fields that `standard` lacks, the topmost only, by kind. */
export function experimentalFields(
  crds: readonly Crd[],
  standard: readonly Crd[],
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  for (const crd of crds) {
    const twin = standard.find((one) => one.kind === crd.kind && one.group === crd.group);
    const [schema, other] = [crd, twin].map(
      (one) => one?.versions.find(({ name }) => name === crd.versions[0]?.name)?.schema,
    );
    if (schema === undefined || other === undefined) continue;
    const missing: string[] = [];
    walk(schema.properties?.["spec"] ?? {}, other.properties?.["spec"] ?? {}, "spec", missing);
    if (missing.length > 0) found[crd.kind] = missing.sort();
  }
  return found;
}

function walk(tree: FieldTree, other: FieldTree, path: string, missing: string[]): void {
  for (const [name, child] of Object.entries(tree.properties ?? {})) {
    const twin = other.properties?.[name];
    if (twin === undefined) missing.push(`${path}.${name}`);
    else walk(child, twin, `${path}.${name}`, missing);
  }
  if (tree.items !== undefined && other.items !== undefined) walk(tree.items, other.items, `${path}[]`, missing);
}

if (import.meta.main) {
  const [directory, flag, standard] = process.argv.slice(2);
  if (directory === undefined) {
    console.error("usage: node tools/crd-agreement.ts DIRECTORY [--channels DIRECTORY]");
    process.exit(2);
  }
  const crds = readCrds(directory);
  if (flag === "--channels" && standard !== undefined) {
    console.log(JSON.stringify(experimentalFields(crds, readCrds(standard)), undefined, 2));
  } else {
    const found = differences(crds);
    for (const { kind, version, path, what } of found) console.log(`${kind} ${version} ${path}: ${what}`);
    console.log(`${found.length} differences`);
    process.exitCode = found.length === 0 ? 0 : 1;
  }
}
