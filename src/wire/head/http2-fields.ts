import { ALIAS_FIELD } from "../http1/known-field.ts";
import type { HeadWriter } from "../http1/serialize.ts";
import type { HeaderField } from "../http2/hpack-table.ts";
import { CLAIMED_FIELD, type FieldNames } from "./field-names.ts";
import type { FieldSection } from "./field-section.ts";

/** The fields of a header block of HTTP/2, without pseudo-headers. They have been judged: see `wire/http2/message.ts`. */
export class Http2Fields implements FieldSection {
  /** A name stands for a field that is left out, but for an underscore in place of a hyphen. */
  readonly hasAlias: boolean;
  /** A field that only a proxy in front may send has come (see `isClientClaim`). */
  claims: boolean;
  readonly #names: FieldNames;
  #fields: readonly HeaderField[];
  /** Bit `id` is set when that known field has come. */
  #present = 0;
  /** The same when it has come more than once. */
  #repeated = 0;
  /** Names that are not passed on; made by the first. */
  #dropped: Set<string> | undefined;

  constructor(fields: readonly HeaderField[], names: FieldNames) {
    this.#fields = fields;
    this.#names = names;
    let hasAlias = false;
    let claims = false;
    for (let i = 0; i < fields.length; i++) {
      const id = names.idOf(fields[i]!.name);
      if (id >= 0) {
        const bit = 1 << id;
        this.#repeated |= this.#present & bit;
        this.#present |= bit;
      } else if (id === ALIAS_FIELD) hasAlias = true;
      else if (id === CLAIMED_FIELD) claims = true;
    }
    this.hasAlias = hasAlias;
    this.claims = claims;
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

  /** Whether a known field is there. */
  has(field: number): boolean {
    return (this.#present & (1 << field)) !== 0;
  }

  /** A known field came more than once. */
  isRepeated(field: number): boolean {
    return (this.#repeated & (1 << field)) !== 0;
  }

  /** First value of a known field; `undefined` when absent. */
  known(field: number): string | undefined {
    if (!this.has(field)) return undefined;
    const name = this.#names.nameOf(field);
    return this.#fields.find((one) => one.name === name)?.value;
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

  /** Takes every field that only a proxy in front may send, and that is not known, out: nothing finds it any more. */
  forgetClaims(): void {
    this.#fields = this.#fields.filter(({ name }) => this.#names.idOf(name) !== CLAIMED_FIELD);
    this.claims = false;
  }

  /** Takes every field whose name has a byte that `allowed` lacks out: nothing finds it any more. */
  forgetNames(allowed: Uint8Array): void {
    if (this.#fields.some(({ name }) => !hasOnly(allowed, name)))
      this.#fields = this.#fields.filter(({ name }) => hasOnly(allowed, name));
  }

  /** Writes the fields that are passed on as lines of HTTP/1.1. */
  writeLines(writer: HeadWriter): void {
    let lines = "";
    for (let i = 0; i < this.#fields.length; i++) {
      const { name, value } = this.#fields[i]!;
      if (this.#isKept(name)) lines += `${name}: ${value}\r\n`;
    }
    writer.judged(lines);
  }

  /** Adds the fields that are passed on. */
  addFields(fields: HeaderField[]): void {
    for (let i = 0; i < this.#fields.length; i++) {
      const field = this.#fields[i]!;
      if (this.#isKept(field.name)) fields.push(field);
    }
  }

  #isKept(name: string): boolean {
    const id = this.#names.idOf(name);
    return (id < 0 || id >= this.#names.keptFrom) && this.#dropped?.has(name) !== true;
  }
}

function hasOnly(allowed: Uint8Array, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (allowed[name.charCodeAt(i)] !== 1) return false;
  return true;
}

/** What a line takes besides name and value. Bytes. */
const lineBytes = 4;

/** Size of these fields as lines of HTTP/1.1. Bytes. */
export function sizeAsLines(fields: readonly HeaderField[]): number {
  let bytes = 0;
  for (let i = 0; i < fields.length; i++) bytes += fields[i]!.name.length + fields[i]!.value.length + lineBytes;
  return bytes;
}
