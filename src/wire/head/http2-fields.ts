import { asciiBytes } from "../http1/ascii.ts";
import { ALIAS_FIELD, type FieldTable, knownField, UNKNOWN_FIELD } from "../http1/known-field.ts";
import type { HeadWriter } from "../http1/serialize.ts";
import type { HeaderField } from "../http2/hpack-table.ts";
import type { FieldSection } from "./field-section.ts";

/** The fields of a header block of HTTP/2, without pseudo-headers. They have been judged: see `wire/http2/message.ts`. */
export class Http2Fields implements FieldSection {
  readonly #fields: readonly HeaderField[];
  readonly #table: FieldTable;
  /** Names that are not passed on; made by the first. */
  #dropped: Set<string> | undefined;

  constructor(fields: readonly HeaderField[], table: FieldTable) {
    this.#fields = fields;
    this.#table = table;
  }

  get count(): number {
    return this.#fields.length;
  }

  nameAt(index: number): string {
    return this.#fields[index]!.name;
  }

  valueAt(index: number): string {
    return this.#fields[index]!.value;
  }

  /** First value of a known field; `undefined` when absent. */
  known(field: number): string | undefined {
    const name = this.#table.names[field];
    for (let i = 0; i < this.#fields.length; i++) {
      if (this.#fields[i]!.name === name) return this.#fields[i]!.value;
    }
    return undefined;
  }

  /** A name stands for a field that is left out, but for an underscore in place of a hyphen. */
  get hasAlias(): boolean {
    for (let i = 0; i < this.#fields.length; i++) {
      if (fieldId(this.#table, this.#fields[i]!.name) === ALIAS_FIELD) return true;
    }
    return false;
  }

  header(name: string): string | undefined {
    let joined: string | undefined;
    for (let i = 0; i < this.#fields.length; i++) {
      const field = this.#fields[i]!;
      if (field.name !== name) continue;
      joined = joined === undefined ? field.value : `${joined}${name === "cookie" ? "; " : ", "}${field.value}`;
    }
    return joined;
  }

  drop(name: string): void {
    this.#dropped ??= new Set();
    this.#dropped.add(name);
  }

  dropAliases(name: string): void {
    const folded = name.replaceAll("_", "-");
    for (const field of this.#fields) if (field.name.replaceAll("_", "-") === folded) this.drop(field.name);
  }

  /** Writes the fields that are passed on as lines of HTTP/1.1. */
  writeLines(writer: HeadWriter): void {
    for (let i = 0; i < this.#fields.length; i++) {
      const { name, value } = this.#fields[i]!;
      if (this.#isKept(name)) writer.field(name, value);
    }
  }

  /** Adds the fields that are passed on. */
  addFields(fields: HeaderField[]): void {
    for (let i = 0; i < this.#fields.length; i++) {
      const field = this.#fields[i]!;
      if (this.#isKept(field.name)) fields.push(field);
    }
  }

  #isKept(name: string): boolean {
    const id = this.#table.ids.get(name);
    return (id === undefined || id >= this.#table.keptFrom) && this.#dropped?.has(name) !== true;
  }
}

/** {@link knownField} of a name in lower case. */
export function fieldId(table: FieldTable, name: string): number {
  const known = table.ids.get(name);
  if (known !== undefined || !name.includes("_")) return known ?? UNKNOWN_FIELD;
  return knownField(table, asciiBytes(name), 0, name.length);
}

/** What a line takes besides name and value. Bytes. */
const lineBytes = 4;

/** Size of these fields as lines of HTTP/1.1. Bytes. */
export function sizeAsLines(fields: readonly HeaderField[]): number {
  let bytes = 0;
  for (let i = 0; i < fields.length; i++) bytes += fields[i]!.name.length + fields[i]!.value.length + lineBytes;
  return bytes;
}
