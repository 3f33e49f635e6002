import { createHmac } from "node:crypto";
import { cidrContains, parseCidr } from "../../base/cidr.ts";
import { compileRegex } from "../../base/regex.ts";
import { parseQuery } from "../../ir/query.ts";
import type { ClientSelector, SelectorValue } from "../../ir/rate-limit.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";

/** Whom a request counts for: `""` for all that match alike; `undefined`: it does not match. */
export type ClientKey = (request: RequestHead, exchange: FilterExchange) => string | undefined;

type ValueTest = (value: string | undefined) => string | undefined;

/** Longest key that is kept as it is. Longer ones, which clients choose, are kept as a digest, so that entries are small. */
const maxPlainKey = 64;

/**
 * Makes the test of a rule: a request must match all selectors. Values that tell clients apart make up the key, each with its
 * length before it, so that no two lists of values are one key. `secret` keys the digests of long ones.
 */
export function buildClientKey(selectors: readonly ClientSelector[], secret: Buffer): ClientKey {
  const tests = selectors.flatMap(testsOf);
  const [only] = tests;
  if (only === undefined) return () => "";
  const bounded = (key: string): string =>
    key.length <= maxPlainKey ? key : createHmac("sha256", secret).update(key, "latin1").digest("base64url");
  if (tests.length === 1) {
    return (request, exchange) => {
      const part = only(request, exchange);
      return part === undefined ? undefined : bounded(part);
    };
  }
  return (request, exchange) => {
    let key = "";
    for (const test of tests) {
      const part = test(request, exchange);
      if (part === undefined) return undefined;
      key += part;
    }
    return bounded(key);
  };
}

function testsOf({ headers, query, claims, methods, path, network }: ClientSelector): readonly ClientKey[] {
  return [
    ...(methods.length === 0 ? [] : [methodTest(methods)]),
    ...(path === undefined ? [] : [pathTest(path)]),
    ...(network === undefined ? [] : [networkTest(network)]),
    ...headers.map((header): ClientKey => {
      const test = valueTest(header);
      return (request) => test(request.header(header.name));
    }),
    ...(query.length === 0 ? [] : [queryTest(query)]),
    ...claims.map((claim): ClientKey => {
      const test = valueTest(claim);
      const names = claim.name.split(".");
      return (_request, { established }) => test(claimText(established.claims, claim.name, names));
    }),
  ];
}

function valueTest(wanted: SelectorValue): ValueTest {
  switch (wanted.kind) {
    case "distinct":
      return (value) => (value === undefined ? undefined : `${value.length}:${value}`);
    case "exact": {
      const hit = wanted.invert ? undefined : "";
      const miss = wanted.invert ? "" : undefined;
      return (value) => (value === wanted.value ? hit : miss);
    }
    case "regex": {
      const regex = compileRegex(wanted.value);
      // The compiler refuses such a pattern: a rule that nobody can read is about everybody.
      if (regex.kind === "error") return () => "";
      return (value) => ((value !== undefined && regex.matchesWhole(value)) === wanted.invert ? undefined : "");
    }
  }
}

function methodTest(methods: ClientSelector["methods"]): ClientKey {
  return ({ method: asked }) => (methods.some(({ method, invert }) => (method === asked) !== invert) ? "" : undefined);
}

function pathTest({ match, invert }: NonNullable<ClientSelector["path"]>): ClientKey {
  const { kind, value } = match;
  const regex = kind === "regex" ? compileRegex(value) : undefined;
  const below = value === "/" ? "/" : `${value}/`;
  const holds = (path: string): boolean => {
    if (regex !== undefined) return regex.kind === "error" || regex.matchesWhole(path);
    return path === value || (kind === "prefix" && path.startsWith(below));
  };
  return ({ path }) => (holds(path) === invert ? undefined : "");
}

function networkTest({ cidr, distinct }: NonNullable<ClientSelector["network"]>): ClientKey {
  const network = parseCidr(cidr);
  const all = network?.prefixLength === 0;
  return (_request, { facts: { clientAddress: address } }) => {
    const isOfFamily = address.includes(":") === (network?.family === 6);
    if (network === undefined || !isOfFamily || !(all || cidrContains(network, address))) return undefined;
    return distinct ? `${address.length}:${address}` : "";
  };
}

function queryTest(query: readonly SelectorValue[]): ClientKey {
  const tests = query.map((parameter) => ({ name: parameter.name, test: valueTest(parameter) }));
  return (request) => {
    const values = parseQuery(request.query);
    let key = "";
    for (const { name, test } of tests) {
      const part = test(values.get(name));
      if (part === undefined) return undefined;
      key += part;
    }
    return key;
  };
}

/** A claim as text: a list or an object is none. A claim whose name has dots comes before one that is inside others. */
function claimText(
  claims: Readonly<Record<string, unknown>> | undefined,
  name: string,
  names: readonly string[],
): string | undefined {
  if (claims === undefined) return undefined;
  let value: unknown = Object.hasOwn(claims, name) ? claims[name] : claims;
  if (value === claims) {
    for (const one of names) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, one)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[one];
    }
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : undefined;
}
