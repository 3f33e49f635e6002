/** A JSON object. */
export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON pointer of a path. RFC 6901. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** A path as users write it: `spec.rules[0].matches[1].path`, with quotation marks around keys that have dots. */
export function dotted(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      const key = String(part);
      if (!/^[\w-]+$/.test(key)) return `[${JSON.stringify(key.slice(0, 60))}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join("");
}

/** Whether objects and arrays are nested more than `limit` deep. Does not recurse, so any depth may be asked about. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return false;
}

/** Leaves out object members that are null, at any depth: Kubernetes reads an explicit null as an absent field. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutNulls);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  let changed = false;
  const kept: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    const cleaned = withoutNulls(member);
    if (cleaned !== member || cleaned === null || cleaned === undefined) changed = true;
    if (cleaned !== null && cleaned !== undefined) kept.push([key, cleaned]);
  }
  return changed ? Object.fromEntries(kept) : value;
}
