import { createHmac } from "node:crypto";
import { addressMatcher, cidrContains, parseCidr } from "../../base/cidr.ts";
import { compileRegex } from "../../base/regex.ts";
import type { ClientSelector, SelectorValue } from "../../ir/rate-limit.ts";
import { type RequestValue, readValues } from "./request-value.ts";

/** Whom a request counts for: `""` for all that match alike; `undefined`: it does not match. */
export type ClientKey = RequestValue;

/** Longest key that is kept as it is. */
const maxPlainKey = 64;

/** Makes entries of one size of keys that clients choose: long ones become digests, under a secret that clients cannot know. */
export function boundedKey(key: string, secret: Buffer): string {
  return key.length <= maxPlainKey ? key : createHmac("sha256", secret).update(key, "latin1").digest("base64url");
}

/**
 * Makes the test of a rule: a request must match all selectors. Values that tell clients apart make up the key, each with its
 * length before it, so that no two lists of values are one key.
 */
export function buildClientKey(selectors: readonly ClientSelector[]): ClientKey {
  const tests = selectors.flatMap(testsOf);
  const [only] = tests;
  if (only === undefined) return () => "";
  if (tests.length === 1) return only;
  return (request, exchange) => {
    let key = "";
    for (const test of tests) {
      const part = test(request, exchange);
      if (part === undefined) return undefined;
      key += part;
    }
    return key;
  };
}

/** The cheapest first. */
function testsOf(selector: ClientSelector): readonly ClientKey[] {
  const { methods, path, network } = selector;
  return [
    ...(methods.length === 0 ? [] : [methodTest(methods)]),
    ...(path === undefined ? [] : [pathTest(path)]),
    ...(network === undefined ? [] : [networkTest(network)]),
    ...readValues(selector).map(({ wanted, read }): ClientKey => {
      const test = valueTest(wanted);
      return (request, exchange) => test(read(request, exchange));
    }),
  ];
}

function valueTest(wanted: SelectorValue): (value: string | undefined) => string | undefined {
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

/** What one client has of the addresses of IPv6: it may choose another for every request. */
const clientBits = 64;

function networkTest({ cidr, distinct, except }: NonNullable<ClientSelector["network"]>): ClientKey {
  const network = parseCidr(cidr);
  const all = network?.prefixLength === 0;
  const isExempt = addressMatcher(except.flatMap((text) => parseCidr(text) ?? []));
  const countsNetworks = network?.family === 6 && network.prefixLength <= clientBits;
  return (_request, { facts: { clientAddress: address } }) => {
    const isOfFamily = address.includes(":") === (network?.family === 6);
    if (network === undefined || !isOfFamily || !(all || cidrContains(network, address))) return undefined;
    if (except.length > 0 && isExempt(address) === true) return undefined;
    if (!distinct) return "";
    const client = countsNetworks ? (parseCidr(`${address}/${clientBits}`)?.text ?? address) : address;
    return `${client.length}:${client}`;
  };
}
