import type { FieldSection } from "../wire/head/field-section.ts";
import { fieldText } from "../wire/head/field-text.ts";
import { TOKEN } from "../wire/http1/ascii.ts";
import { connectionFields } from "../wire/http1/known-field.ts";
import type { HeadWriter } from "../wire/http1/serialize.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";

/** Fields that the engine alone writes: a filter that names one changes nothing. */
const engineFields: ReadonlySet<string> = new Set([...connectionFields, "content-length", "host"]);

const noNames: ReadonlySet<string> = new Set();

/**
 * Header changes of filters, kept beside the fields that came: those that go are dropped there, lines that come are
 * collected. So are the lines that the gateway writes itself, in place of what a client may have sent under their names:
 * a filter's word on them is last. One object per connection and direction, reused.
 */
export class HeaderEdits {
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  readonly #dropped: string[] = [];
  readonly #usualNames: ReadonlySet<string>;
  #ownNames: ReadonlySet<string>;
  #ownLines = "";
  #received: FieldSection | undefined;

  /** `ownNames` (lower case) are those of a request's fields that only the gateway writes; a response has none. */
  constructor(ownNames: ReadonlySet<string> = noNames) {
    this.#usualNames = ownNames;
    this.#ownNames = ownNames;
  }

  /** Names (lower case) that only the gateway writes. */
  get ownNames(): ReadonlySet<string> {
    return this.#ownNames;
  }

  /** The gateway's own lines, CR LF after each; those that filters have replaced or removed are gone. */
  get ownLines(): string {
    return this.#ownLines;
  }

  /** Gives the gateway's own lines, one for each name; `names` are all that only the gateway writes in this message. */
  setOwnLines(lines: string, names = this.#usualNames): void {
    this.#ownLines = lines;
    this.#ownNames = names;
  }

  /** Starts on another message. Without fields (an answer of our own) all of them are additions. */
  begin(received: FieldSection | undefined): void {
    this.#received = received;
    this.#ownLines = "";
    this.#ownNames = this.#usualNames;
    if (this.#names.length > 0) {
      this.#names.length = 0;
      this.#values.length = 0;
    }
    if (this.#dropped.length > 0) this.#dropped.length = 0;
  }

  /** The fields that were begun with are now another object's. */
  moveTo(received: FieldSection): void {
    this.#received = received;
  }

  get(name: string): string | undefined {
    let joined = this.#beforeAdditions(name);
    for (let i = 0; i < this.#names.length; i++) {
      if (this.#names[i] !== name) continue;
      joined = joined === undefined ? this.#values[i] : `${joined}, ${this.#values[i]}`;
    }
    return joined;
  }

  /** What stands under a name before additions. */
  #beforeAdditions(name: string): string | undefined {
    if (this.#ownNames.has(name)) {
      const start = lineStart(this.#ownLines, name);
      return start < 0
        ? undefined
        : this.#ownLines.slice(start + name.length + 2, this.#ownLines.indexOf("\r\n", start));
    }
    return this.#isDropped(name) ? undefined : this.#received?.header(name);
  }

  /** Lower-case names of all fields as they stand, each once; without those of the gateway's own lines. */
  names(): readonly string[] {
    const names = new Set<string>();
    const received = this.#received;
    for (let i = 0; i < (received?.count ?? 0); i++) {
      const name = received!.nameAt(i);
      if (!this.#ownNames.has(name) && !this.#isDropped(name)) names.add(name);
    }
    for (const name of this.#names) names.add(name);
    return [...names];
  }

  /** The values under a name that is none of the gateway's own, one for each line, as they stand. */
  lines(name: string): readonly string[] {
    const lines: string[] = [];
    const received = this.#isDropped(name) ? undefined : this.#received;
    for (let i = 0; i < (received?.count ?? 0); i++) if (received!.nameAt(i) === name) lines.push(received!.valueAt(i));
    for (const [i, added] of this.#names.entries()) if (added === name) lines.push(this.#values[i]!);
    return lines;
  }

  /** Whether a filter has set, added to, or removed a field: its word counts, not the gateway's. */
  decides(name: string): boolean {
    return this.#names.includes(name) || this.#dropped.includes(name);
  }

  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  add(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (engineFields.has(lower) || !isToken(lower)) return;
    this.#names.push(lower);
    this.#values.push(fieldValue(value));
  }

  remove(name: string): void {
    const lower = name.toLowerCase();
    if (engineFields.has(lower)) return;
    for (let i = this.#names.length - 1; i >= 0; i--) {
      if (this.#names[i] !== lower) continue;
      this.#names.splice(i, 1);
      this.#values.splice(i, 1);
    }
    this.#dropped.push(lower);
    if (this.#ownNames.has(lower)) this.#dropOwn(lower);
    else if (this.#ownNames.size > 0) this.#received?.dropAliases(lower);
    else this.#received?.drop(lower);
  }

  #dropOwn(name: string): void {
    const start = lineStart(this.#ownLines, name);
    if (start < 0) return;
    this.#ownLines = this.#ownLines.slice(0, start) + this.#ownLines.slice(this.#ownLines.indexOf("\r\n", start) + 2);
  }

  /** Of a request also under another spelling: many backends read X_User as X-User. */
  #isDropped(name: string): boolean {
    if (this.#dropped.length === 0) return false;
    if (this.#ownNames.size === 0) return this.#dropped.includes(name);
    const folded = name.replaceAll("_", "-");
    return this.#dropped.some((dropped) => dropped.replaceAll("_", "-") === folded);
  }

  /** How many lines come. */
  get count(): number {
    return this.#names.length;
  }

  /** Name of an added line, lower case. */
  nameAt(index: number): string {
    return this.#names[index]!;
  }

  /** Value of an added line, latin1; unlike `write`, as the filter gave it. */
  valueAt(index: number): string {
    return this.#values[index]!;
  }

  /** Adds the added lines, and behind them the gateway's own, as fields of HTTP/2. */
  addFields(fields: HeaderField[]): void {
    for (let i = 0; i < this.#names.length; i++) {
      fields.push({ name: this.#names[i]!, value: fieldText(this.#values[i]!) });
    }
    const own = this.#ownLines;
    for (let at = 0; at < own.length; ) {
      const end = own.indexOf("\r\n", at);
      const colon = own.indexOf(": ", at);
      fields.push({ name: own.slice(at, colon), value: own.slice(colon + 2, end).trim() });
      at = end + 2;
    }
  }

  /** Writes the added lines, and behind them the gateway's own. */
  write(writer: HeadWriter): void {
    for (let i = 0; i < this.#names.length; i++) writer.field(this.#names[i]!, this.#values[i]!);
    if (this.#ownLines === "") return;
    writer.judged(this.#ownLines);
  }
}

/** Where the line of a name (lower case) begins; -1 when there is none. */
function lineStart(lines: string, name: string): number {
  const begin = `${name}: `;
  if (lines.startsWith(begin)) return 0;
  const before = lines.indexOf(`\r\n${begin}`);
  return before < 0 ? -1 : before + 2;
}

function isToken(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (TOKEN[name.charCodeAt(i)] !== 1) return false;
  }
  return name.length > 0;
}

/** Text as the bytes of a header value: UTF-8, but latin1 (how values that came over the wire are held) stays as it is. */
function fieldValue(value: string): string {
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 255) return Buffer.from(value, "utf8").latin1Slice();
  }
  return value;
}
