/** The static and dynamic tables of HPACK. RFC 7541 sections 2.3 and appendix A. */

/** A header field of a block. Objects are shared by every block that refers to the same table entry. */
export type HeaderField = {
  readonly name: string;
  /** Latin-1: one character per byte. */
  readonly value: string;
  /** Judged and found well-formed: entries of a table are judged once, however many messages refer to them. */
  checked?: boolean;
};

/** Octets that a field counts for in a dynamic table. RFC 7541 section 4.1. */
export function fieldSize(field: HeaderField): number {
  return field.name.length + field.value.length + 32;
}

const staticText = `:authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate`;

/** Index 1 is the first entry. */
export const staticTable: readonly HeaderField[] = staticText.split("|").map((text) => {
  const [name = "", value = ""] = text.split("=");
  return { name, value, checked: false };
});

/** First static index of a name. */
export const staticNames: ReadonlyMap<string, number> = new Map(
  staticTable.map((field, i): [string, number] => [field.name, i + 1]).reverse(),
);

/** Static index of a name and value, by name and then by value; only entries with a value. */
export const staticFields: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map(
  [...Map.groupBy(staticTable.entries(), ([, { name }]) => name)].flatMap(([name, entries]) => {
    const valued = entries.filter(([, { value }]) => value !== "");
    return valued.length === 0 ? [] : [[name, new Map(valued.map(([i, { value }]) => [value, i + 1]))]];
  }),
);

/** A ring of the newest fields, evicted oldest first when they outgrow the limit. */
export class DynamicTable {
  #fields: HeaderField[] = [];
  /** Fields evicted from the front of `#fields` that still stand in the array; compacted now and then. */
  #evicted = 0;
  #size = 0;
  #limit: number;
  /** Counts insertions, so that an encoder can name an entry by age. */
  #inserted = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get limit(): number {
    return this.#limit;
  }

  get length(): number {
    return this.#fields.length - this.#evicted;
  }

  get size(): number {
    return this.#size;
  }

  /** How many fields were ever inserted; the newest has age `inserted - 1`. */
  get inserted(): number {
    return this.#inserted;
  }

  /** The field at a dynamic index, 0 being the newest; `undefined` beyond the end. */
  at(index: number): HeaderField | undefined {
    return index < this.length ? this.#fields[this.#fields.length - 1 - index] : undefined;
  }

  /** Inserts as the newest. A field larger than the limit empties the table. RFC 7541 section 4.4. Returns how many were evicted. */
  insert(field: HeaderField): number {
    const before = this.#inserted - this.length;
    const size = fieldSize(field);
    this.#shrinkTo(this.#limit - size);
    if (size <= this.#limit) {
      this.#fields.push(field);
      this.#size += size;
      this.#inserted++;
    }
    return this.#inserted - this.length - before;
  }

  resize(limitBytes: number): void {
    this.#limit = limitBytes;
    this.#shrinkTo(limitBytes);
  }

  #shrinkTo(bytes: number): void {
    while (this.#size > bytes && this.length > 0) {
      this.#size -= fieldSize(this.#fields[this.#evicted++] as HeaderField);
    }
    if (this.#evicted > 64 && this.#evicted * 2 > this.#fields.length) {
      this.#fields = this.#fields.slice(this.#evicted);
      this.#evicted = 0;
    }
  }
}
