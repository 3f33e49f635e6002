import { asciiBytes } from "../http1/ascii.ts";
import { isClientClaim } from "../http1/client-claim.ts";
import { type FieldTable, knownField, requestFields, responseFields, UNKNOWN_FIELD } from "../http1/known-field.ts";

/** {@link FieldNames.idOf} of a name that is not known, and that only a proxy in front may send. */
export const CLAIMED_FIELD = -3;

/** Names that are remembered, and their length; others are judged anew each time. */
const maxNames = 1_024;
const maxNameLength = 64;

/** What field names (lower case) stand for, by the rules that the codec of HTTP/1.1 reads names with. */
export class FieldNames {
  readonly keptFrom: number;
  readonly #table: FieldTable;
  readonly #ids: Map<string, number>;

  constructor(table: FieldTable) {
    this.#table = table;
    this.keptFrom = table.keptFrom;
    this.#ids = new Map(table.names.map((name, id) => [name, id]));
  }

  /** Number of a known field; else `UNKNOWN_FIELD`, `ALIAS_FIELD` or {@link CLAIMED_FIELD}. */
  idOf(name: string): number {
    const met = this.#ids.get(name);
    if (met !== undefined) return met;
    const bytes = asciiBytes(name);
    const known = knownField(this.#table, bytes, 0, bytes.length);
    const id = known === UNKNOWN_FIELD && isClientClaim(bytes, 0, bytes.length) ? CLAIMED_FIELD : known;
    if (this.#ids.size < maxNames && name.length <= maxNameLength) this.#ids.set(name, id);
    return id;
  }

  /** Name of a known field. */
  nameOf(field: number): string {
    return this.#table.names[field]!;
  }
}

export const requestNames: FieldNames = new FieldNames(requestFields);
export const responseNames: FieldNames = new FieldNames(responseFields);
