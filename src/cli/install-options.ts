import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { nearestName } from "../base/nearest-name.ts";
import { reasonOf, UsageError } from "../base/usage-error.ts";
import {
  type InstallOptions,
  initialOptions,
  installOptionRows,
  isOptionName,
  type OptionName,
  optionNames,
  optionProblem,
} from "../install/options.ts";
import { isJsonObject, type JsonObject } from "../resource/json.ts";
import type { FlagValues } from "./flags.ts";

type Given = Pick<FlagValues, "installNamespace" | "image" | "values" | "set">;

/**
 * The options of an installation: the defaults, under each `--values` file in order, under `--set`, under the flags of
 * their own. Throws {@link UsageError} on a name or a value that is none.
 */
export function readInstallOptions(flags: Given, version: string): InstallOptions {
  const layers: readonly JsonObject[] = [
    ...flags.values.map(readValues),
    ...flags.set.map(parseSetting),
    flags.image === undefined ? {} : parseImage(flags.image),
    flags.installNamespace === undefined ? {} : { namespace: flags.installNamespace },
  ];
  const chosen = layers.reduce(merged, initialOptions(version));
  const rows = installOptionRows(version);
  for (const name of optionNames) {
    const problem = optionProblem(rows[name].schema, chosen[name]);
    if (problem !== undefined) throw new UsageError(`The option ${name} ${problem}.`);
  }
  return chosen as unknown as InstallOptions;
}

/** Mappings are merged member by member, and null takes a member away: what Helm does with values. */
function merged(below: JsonObject, above: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const under = result[name];
    if (value === null) delete result[name];
    else result[name] = isJsonObject(under) && isJsonObject(value) ? merged(under, value) : value;
  }
  return result;
}

/** A file of values as the chart takes it. */
function readValues(file: string): JsonObject {
  let values: unknown;
  try {
    values = parseYaml(readFileSync(file, "utf8"), { maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${reasonOf(error)}.`);
  }
  if (!isJsonObject(values)) throw new UsageError(`${file} is not a mapping of options.`);
  return flatten(values, "");
}

/** Levels of the file as dots in the names of options. */
function flatten(values: JsonObject, prefix: string): JsonObject {
  const found: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const name = `${prefix}${key}`;
    if (isOptionName(name)) found[name] = value;
    else if (isJsonObject(value) && optionNames.some((option) => option.startsWith(`${name}.`)))
      Object.assign(found, flatten(value, `${name}.`));
    else throw unknownOption(name);
  }
  return found;
}

/** `replicas=3`, or JSON for a list or a mapping. */
function parseSetting(text: string): JsonObject {
  const equals = text.indexOf("=");
  const name = text.slice(0, Math.max(equals, 0));
  if (equals < 1) throw new UsageError(`"${text}" is not an option with a value. Write it as in replicas=3.`);
  if (!isOptionName(name)) throw unknownOption(name);
  return { [name]: parseValue(name, text.slice(equals + 1)) };
}

function parseValue(name: OptionName, text: string): unknown {
  const { type } = installOptionRows("")[name].schema;
  if (type === "string") return text;
  if (type === "array" && !text.startsWith("[")) return text === "" ? [] : text.split(",").map(asNumber);
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`The option ${name} cannot have the value ${text}.`);
  }
}

const asNumber = (text: string): string | number => (/^\d{1,5}$/.test(text) ? Number(text) : text);

/** `repository:tag` or `repository@sha256:…`; a colon before the last slash is a registry's port. */
function parseImage(reference: string): Partial<InstallOptions> {
  const [named = "", digest] = reference.split("@", 2);
  if (digest !== undefined) return { "image.repository": named, "image.digest": digest };
  const colon = named.lastIndexOf(":");
  if (colon < named.lastIndexOf("/") || colon < 0) return { "image.repository": named };
  return { "image.repository": named.slice(0, colon), "image.tag": named.slice(colon + 1) };
}

function unknownOption(name: string): UsageError {
  const near = nearestName(name, optionNames);
  const hint = near === undefined ? `Options are ${optionNames.join(", ")}.` : `Write ${near}.`;
  return new UsageError(`There is no option ${name}. ${hint}`);
}
