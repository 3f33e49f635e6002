import { isJsonObject, type JsonObject, pointerOf } from "../../resource/json.ts";

/**
 * How a policy is put over that of its parent. `JSONMerge`: objects member by member, everything else is replaced (RFC 7396).
 * `StrategicMerge`: the same, and lists of which the items have names item by item. `Replace`: as a whole, as without any.
 */
export type MergeType = "StrategicMerge" | "JSONMerge" | "Replace";

/** Which lists `StrategicMerge` merges by which member of their items, by their place: `/jwt/providers`, `/a/<any>/b` for a list in a list. */
export type ListKeys = Readonly<Record<string, string>>;

/** A part of a policy, by JSON pointer in the object. */
export type PolicyPart<P> = { readonly policy: P; readonly pointer: string };

/** A spec, and which policy each part of it came from. */
export type TracedSpec<P> = {
  readonly spec: JsonObject;
  /** By JSON pointer in `spec`. A source is that of everything below it that has none of its own; `""` is always there. */
  readonly sources: ReadonlyMap<string, PolicyPart<P>>;
};

/** The spec of one policy by itself. */
export function traceSpec<P>(policy: P, spec: JsonObject): TracedSpec<P> {
  return { spec, sources: new Map([["", { policy, pointer: "/spec" }]]) };
}

/**
 * Puts the spec of a policy over what its parents come to. Items that `StrategicMerge` finds in the parent stay where they
 * are, others follow in their own order. Neither input is changed.
 */
export function mergeSpecs<P>(
  parent: TracedSpec<P>,
  child: { readonly policy: P; readonly spec: JsonObject },
  how: { readonly type: Exclude<MergeType, "Replace">; readonly listKeys: ListKeys },
): TracedSpec<P> {
  const listKeys = how.type === "StrategicMerge" ? how.listKeys : {};
  const merge = new Merge(new Map(parent.sources), child.policy, listKeys);
  const spec = merge.objects(parent.spec, child.spec, { to: "", from: "/spec", list: "" });
  return { spec, sources: merge.sources };
}

/** Where the part of a merged spec at `pointer` was written. */
export function sourceAt<P>(traced: TracedSpec<P>, pointer: string): PolicyPart<P> {
  let at = pointer;
  let source = traced.sources.get(at);
  while (source === undefined && at !== "") {
    at = at.slice(0, at.lastIndexOf("/"));
    source = traced.sources.get(at);
  }
  const { policy, pointer: base } = source as PolicyPart<P>;
  return { policy, pointer: base + pointer.slice(at.length) };
}

/** Every field of a merged spec that is no object, with where it was written; a list that comes from one place is one field. */
export function fieldSources<P>(
  traced: TracedSpec<P>,
): readonly { readonly field: string; readonly from: PolicyPart<P> }[] {
  const composed = new Set([...traced.sources.keys()].flatMap(aboveOf));
  const fields: { readonly field: string; readonly from: PolicyPart<P> }[] = [];
  const visit = (value: unknown, field: string): void => {
    const members = isJsonObject(value) || composed.has(field) ? Object.entries(value as object) : [];
    if (members.length === 0 && field !== "") fields.push({ field, from: sourceAt(traced, field) });
    for (const [key, member] of members) visit(member, field + pointerOf([key]));
  };
  visit(traced.spec, "");
  return fields;
}

/** The pointers of everything that the value at a pointer is in. */
function aboveOf(pointer: string): readonly string[] {
  const above: string[] = [];
  for (let at = pointer; at !== ""; ) {
    at = at.slice(0, at.lastIndexOf("/"));
    above.push(at);
  }
  return above;
}

/** Where a value stands: in the merged spec, in the child, and as {@link ListKeys} name the place. */
type Place = { readonly to: string; readonly from: string; readonly list: string };

/** One merge: what it has taken from whom. */
class Merge<P> {
  readonly sources: Map<string, PolicyPart<P>>;
  readonly #policy: P;
  readonly #listKeys: ListKeys;

  constructor(sources: Map<string, PolicyPart<P>>, policy: P, listKeys: ListKeys) {
    this.sources = sources;
    this.#policy = policy;
    this.#listKeys = listKeys;
  }

  /** Members of both, in the parent's order, then the child's own. */
  objects(parent: JsonObject, child: JsonObject, at: Place): JsonObject {
    const members = new Map(Object.entries(parent));
    for (const [key, value] of Object.entries(child)) {
      if (value === undefined) continue;
      const step = pointerOf([key]);
      const place = { to: at.to + step, from: at.from + step, list: at.list + step };
      members.set(key, this.#values(members.get(key), value, place));
    }
    return Object.fromEntries(members);
  }

  #values(parent: unknown, child: unknown, at: Place): unknown {
    if (isJsonObject(parent) && isJsonObject(child)) return this.objects(parent, child, at);
    const key = Object.hasOwn(this.#listKeys, at.list) ? this.#listKeys[at.list] : undefined;
    if (key !== undefined && Array.isArray(parent) && Array.isArray(child)) return this.#lists(parent, child, key, at);
    return this.#take(child, at);
  }

  #lists(parent: readonly unknown[], child: readonly unknown[], key: string, at: Place): readonly unknown[] {
    const items = [...parent];
    const places = new Map(parent.map((item, index) => [nameIn(item, key), index]));
    child.forEach((item, index) => {
      const name = nameIn(item, key);
      const known = name === undefined ? undefined : places.get(name);
      const to = known ?? items.length;
      const place = { to: `${at.to}/${to}`, from: `${at.from}/${index}`, list: `${at.list}/<any>` };
      items[to] = this.#values(items[to], item, place);
    });
    return items;
  }

  #take(child: unknown, { to, from }: Place): unknown {
    for (const pointer of this.sources.keys()) if (pointer.startsWith(`${to}/`)) this.sources.delete(pointer);
    this.sources.set(to, { policy: this.#policy, pointer: from });
    return child;
  }
}

function nameIn(item: unknown, key: string): unknown {
  return isJsonObject(item) ? item[key] : undefined;
}
