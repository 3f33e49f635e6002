/** A conjunction of Traefik's matchers as hosts and one match of an HTTPRoute. */
import type { JsonObject } from "../../resource/json.ts";
import type { Condition, Conjunction } from "./alternatives.ts";
import type { MatcherName } from "./rule.ts";

export type HttpMatch = {
  /** Empty: every host. Names of an HTTPRoute, with `*.` for any labels. */
  readonly hostnames: readonly string[];
  /** An HTTPRouteMatch. */
  readonly match: JsonObject;
  /** What the Gateway API does otherwise, in sentences. */
  readonly notes: readonly string[];
};

/** `problem`: why the Gateway API cannot say it. Leaving a condition out would let in more, so nothing is converted then. */
export type MatchResult = HttpMatch | { readonly problem: string };

type Parts = {
  hosts: string[] | undefined;
  path: { readonly type: string; readonly value: string } | undefined;
  method: string | undefined;
  readonly headers: JsonObject[];
  readonly queryParams: JsonObject[];
  readonly notes: string[];
};

export function httpMatchOf(conjunction: Conjunction): MatchResult {
  const parts: Parts = {
    hosts: undefined,
    path: undefined,
    method: undefined,
    headers: [],
    queryParams: [],
    notes: [],
  };
  for (const condition of conjunction) {
    const problem = addCondition(condition, parts);
    if (problem !== undefined) return { problem };
  }
  const { path, method, headers, queryParams } = parts;
  return {
    hostnames: parts.hosts ?? [],
    match: {
      ...(path === undefined ? {} : { path }),
      ...(headers.length === 0 ? {} : { headers }),
      ...(queryParams.length === 0 ? {} : { queryParams }),
      ...(method === undefined ? {} : { method }),
    },
    notes: parts.notes,
  };
}

function addCondition({ matcher, negated }: Condition, parts: Parts): string | undefined {
  const { name, args } = matcher;
  const written = `${negated ? "!" : ""}${name}(${args.map((each) => `\`${each}\``).join(", ")})`;
  if (negated)
    return `${written}: a route says what fits, not what does not. Give what does not fit a route of its own.`;
  const problem = adders[name](args, parts);
  return problem === undefined ? undefined : `${written}: ${problem}`;
}

type Adder = (args: readonly string[], parts: Parts) => string | undefined;

const adders: Readonly<Record<MatcherName, Adder>> = {
  Host: ([host = ""], parts) => addHosts([host.toLowerCase()], parts),
  HostRegexp: ([pattern = ""], parts) => {
    const host = wildcardOf(pattern);
    if (host === undefined) return "hosts of a route are names, or one wildcard in place of the first labels.";
    parts.notes.push(`${JSON.stringify(pattern)} became ${host}, which stands for one label or more in front.`);
    return addHosts([host], parts);
  },
  Path: ([path = ""], parts) => addPath({ type: "Exact", value: path }, parts),
  PathPrefix: ([prefix = ""], parts) => {
    if (prefix !== "/")
      parts.notes.push(
        prefix.endsWith("/")
          ? `${prefix} fits ${prefix.slice(0, -1)} too.`
          : `${prefix} fits whole segments: not ${prefix}x, which Traefik takes for it.`,
      );
    return addPath({ type: "PathPrefix", value: prefix }, parts);
  },
  PathRegexp: ([pattern = ""], parts) => addPath({ type: "RegularExpression", value: anchored(pattern) }, parts),
  Header: ([name = "", value = ""], parts) => void parts.headers.push({ name, value }),
  HeaderRegexp: ([name = "", value = ""], parts) =>
    void parts.headers.push({ type: "RegularExpression", name, value: anchored(value) }),
  Method: ([method = ""], parts) => {
    if (parts.method !== undefined && parts.method !== method.toUpperCase()) return "a request has one method.";
    parts.method = method.toUpperCase();
    return undefined;
  },
  Query: (args, parts) => {
    const [name = "", value] = args.length === 1 ? splitQuery(args[0] ?? "") : args;
    if (value === undefined) parts.queryParams.push({ type: "RegularExpression", name, value: ".*" });
    else parts.queryParams.push({ name, value });
    return undefined;
  },
  QueryRegexp: ([name = "", value = ".*"], parts) =>
    void parts.queryParams.push({ type: "RegularExpression", name, value: anchored(value) }),
  ClientIP: () => "a route cannot choose by the client's address. A SecurityPolicy (authorization) can refuse by it.",
  HostSNI: () => "it belongs into an IngressRouteTCP.",
  HostSNIRegexp: () => "it belongs into an IngressRouteTCP.",
  ALPN: () => "a route cannot choose by the protocol that TLS agreed on.",
};

/** Version 2 writes `name=value`. */
function splitQuery(text: string): readonly string[] {
  const at = text.indexOf("=");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function addHosts(hosts: readonly string[], parts: Parts): string | undefined {
  if (parts.hosts !== undefined && parts.hosts.join() !== hosts.join()) return "a request has one host.";
  parts.hosts = [...hosts];
  return undefined;
}

function addPath(path: { readonly type: string; readonly value: string }, parts: Parts): string | undefined {
  if (parts.path !== undefined) return "a match of a route has one path.";
  parts.path = path;
  return undefined;
}

/** Go's expressions fit anywhere in a text; those of routes fit all of it. */
function anchored(pattern: string): string {
  const from = pattern.startsWith("^") ? pattern.slice(1) : `.*(?:${pattern}`;
  const open = pattern.startsWith("^") ? "" : ")";
  return /(?<!\\)\$$/.test(from) ? `${from.slice(0, -1)}${open}` : `${from}${open}.*`;
}

/** Expressions that stand for any first label or labels: `^[a-z0-9-]+\.shop\.example$`, `{sub:.+}.shop.example`. */
const anyLabel = /^\^?(?:\{[^{}]*\}|\(?(?:\[[^\]]+\]|\.)[+*]\)?)(\\\.|\.)/;

function wildcardOf(pattern: string): string | undefined {
  const first = anyLabel.exec(pattern);
  if (first === null) return undefined;
  const rest = pattern.slice(first[0].length).replace(/\$$/, "").replaceAll("\\.", ".").toLowerCase();
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(rest) ? `*.${rest}` : undefined;
}
