import type { KubeObject } from "../../src/kube/kube-client.ts";

type Json = Readonly<Record<string, unknown>>;

/** Whether an object fits the selectors of a list or a watch: `k=v`, `k!=v`, `k in (a,b)`, `k`, `!k`, by commas. */
export function fitsSelectors(object: KubeObject, query: URLSearchParams): boolean {
  const labels = recordOf(recordOf(object["metadata"])["labels"]);
  return (
    termsOf(query.get("labelSelector")).every((term) => fits(term, (key) => labels[key])) &&
    termsOf(query.get("fieldSelector")).every((term) =>
      fits(term, (path) => path.split(".").reduce<unknown>((value, part) => recordOf(value)[part], object)),
    )
  );
}

function termsOf(selector: string | null): readonly string[] {
  return (selector ?? "").split(/,(?![^(]*\))/).filter((term) => term.trim() !== "");
}

function fits(term: string, read: (key: string) => unknown): boolean {
  const list = /^\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(term);
  if (list) {
    const [, key = "", operator, values = ""] = list;
    const within = values.split(",").some((value) => value.trim() === read(key));
    return operator === "in" ? within : !within;
  }
  const [, key = "", operator = "", wanted = ""] = /^\s*([^=!\s]+)\s*(!=|==|=)\s*(.*?)\s*$/.exec(term) ?? [];
  if (operator !== "") return (String(read(key) ?? "") === wanted) === (operator !== "!=");
  const name = term.trim();
  return name.startsWith("!") ? read(name.slice(1)) === undefined : read(name) !== undefined;
}

function recordOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
