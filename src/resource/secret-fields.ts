/** Lists of names with values, all of which may be credentials, wherever they stand. */
const valueLists: ReadonlySet<string> = new Set(["add", "headers", "queryParams", "set"]);
/** In those lists, what is no value. */
const plainFields: ReadonlySet<string> = new Set(["name", "type"]);

/**
 * Whether what stands at a path of an object may be a secret, so that nobody is shown it: values of headers and of query
 * parameters, also where they are written as something else than the list that they should be; and annotations, since tools keep
 * whole objects in them. Secrets are secret as a whole, and are for the caller to know.
 */
export function mayBeSecret(path: readonly (string | number)[]): boolean {
  if (path.includes("annotations")) return true;
  const inList = path.some((part) => typeof part === "string" && valueLists.has(part));
  return inList && !plainFields.has(String(path.at(-1)));
}

/** A copy of an object's plain data with `[hidden]` in place of what may be a secret. */
export function withoutSecrets(value: unknown, path: readonly (string | number)[] = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => withoutSecrets(item, [...path, index]));
  if (typeof value !== "object" || value === null) return mayBeSecret(path) ? "[hidden]" : value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item, [...path, key])]));
}
