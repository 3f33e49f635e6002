import { parseCidr } from "../../base/cidr.ts";
import { hashJson } from "../../base/hash.ts";
import { compileRegex } from "../../base/regex.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import { decodeQueryText } from "../../ir/query.ts";
import type { ClientSelector, Counter, RateLimitRule, SelectorValue } from "../../ir/rate-limit.ts";
import type { Resource } from "../../resource/kinds.ts";

type Spec = Resource<"BackendTrafficPolicy">["spec"];
type RateLimit = NonNullable<Spec["rateLimit"]>;
export type ApiRule = NonNullable<NonNullable<RateLimit["local"]>["rules"]>[number];
export type ApiSelector = NonNullable<ApiRule["clientSelectors"]>[number];
type ApiValue = NonNullable<ApiSelector["headers"]>[number];

/** Compiles the rules of a list at `field`; `undefined`, with findings, when one of them says what cannot be. */
export function compileLimits(
  rules: readonly ApiRule[],
  field: string,
  scope: FeatureScope,
): readonly RateLimitRule[] | undefined {
  const compiled = rules.map((rule, index) => compileLimit(rule, `${field}/${index}`, scope));
  if (compiled.includes(undefined)) return undefined;
  return nameApart(compiled.filter((rule) => rule !== undefined));
}

function compileLimit(rule: ApiRule, field: string, scope: FeatureScope): RateLimitRule | undefined {
  const selectors = compileSelectors(rule.clientSelectors ?? [], `${field}/clientSelectors`, scope);
  if (selectors === undefined) return undefined;
  const { requests, unit, burst } = rule.limit;
  return {
    counter: makeCounter("limit", { selectors, unit }, rule.shared === true, field, scope),
    selectors,
    requests,
    unit,
    burst: burst ?? requests,
    requestCost: rule.cost?.request?.number ?? 1,
    responseCost: rule.cost?.response?.number ?? 0,
    shadow: rule.shadowMode ?? false,
    tells: rule.xRateLimitHeaders !== "Off",
  };
}

/**
 * A counter's name is made of the policy that wrote the rule and of whom it is about. So a limit may be raised, or another put
 * before it, and what has been counted stays.
 */
export function makeCounter(
  what: string,
  about: unknown,
  shared: boolean,
  field: string,
  scope: Pick<FeatureScope, "from">,
): Counter {
  const { kind, namespace, name } = scope.from(field);
  return { name: `${kind}/${namespace}/${name}/${what}/${hashJson(about)}`, shared };
}

/** Two rules about the same requests count apart. */
export function nameApart<R extends { readonly counter: Counter }>(rules: readonly R[]): readonly R[] {
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const { name } = rule.counter;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? rule : { ...rule, counter: { ...rule.counter, name: `${name}/${before}` } };
  });
}

/** Compiles selectors; `undefined`, with findings, when one of them can be no selector. */
export function compileSelectors(
  selectors: readonly ApiSelector[],
  field: string,
  scope: FeatureScope,
): readonly ClientSelector[] | undefined {
  const faultsBefore = new Faults(scope);
  const compiled = selectors.map((selector, index) => compileSelector(selector, `${field}/${index}`, faultsBefore));
  return faultsBefore.any ? undefined : compiled;
}

/** Tells of what cannot be, and remembers that it has. */
class Faults {
  any = false;
  readonly #scope: FeatureScope;

  constructor(scope: FeatureScope) {
    this.#scope = scope;
  }

  tell(field: string, message: string, fix: string): void {
    this.any = true;
    this.#scope.report("limit-selector-invalid", field, { message, fix });
  }

  checkRegex(pattern: string, field: string): void {
    const regex = compileRegex(pattern);
    if (regex.kind === "regex") return;
    const [cause = ""] = regex.message.split(": `");
    this.tell(field, `The regular expression cannot be used: ${cause}.`, regex.fix);
  }
}

function compileSelector(selector: ApiSelector, field: string, faults: Faults): ClientSelector {
  const values = (list: readonly ApiValue[] | undefined, name: string, normal: (name: string) => string) =>
    (list ?? []).map((value, index) => compileValue(value, normal(value.name), `${field}/${name}/${index}`, faults));
  const { path, sourceCIDR } = selector;
  if (path?.type === "RegularExpression") faults.checkRegex(path.value, `${field}/path/value`);
  const network = sourceCIDR === undefined ? undefined : parseCidr(sourceCIDR.value);
  if (sourceCIDR !== undefined && network === undefined) {
    faults.tell(
      `${field}/sourceCIDR/value`,
      `${JSON.stringify(sourceCIDR.value)} is no network.`,
      "Write one such as `10.0.0.0/8` or `0.0.0.0/0`.",
    );
  }
  return {
    headers: values(selector.headers, "headers", (name) => name.toLowerCase()),
    query: values(selector.queryParams, "queryParams", decodeQueryText),
    claims: values(selector.claims, "claims", (name) => name),
    methods: (selector.methods ?? []).map(({ value, invert }) => ({ method: value, invert })),
    path: path === undefined ? undefined : { match: compilePath(path), invert: path.invert },
    network:
      network === undefined ? undefined : { cidr: network.text, distinct: sourceCIDR?.type === "Distinct", except: [] },
  };
}

function compilePath({ type, value }: NonNullable<ApiSelector["path"]>): NonNullable<ClientSelector["path"]>["match"] {
  switch (type) {
    case "Exact":
      return { kind: "exact", value };
    case "PathPrefix":
      return { kind: "prefix", value: value.replace(/\/+$/, "") || "/" };
    case "RegularExpression":
      return { kind: "regex", value };
  }
}

function compileValue({ type, value, invert }: ApiValue, name: string, field: string, faults: Faults): SelectorValue {
  if (type === "Distinct") return { name, kind: "distinct" };
  if (value === undefined) {
    faults.tell(field, `${name} has no value to compare with.`, "Add a value, or write `type: Distinct`.");
  }
  if (type === "RegularExpression" && value !== undefined) faults.checkRegex(value, `${field}/value`);
  return { name, kind: type === "RegularExpression" ? "regex" : "exact", value: value ?? "", invert };
}
