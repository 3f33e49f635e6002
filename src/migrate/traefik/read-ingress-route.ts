import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import { objectsOf, specOf, textOf } from "../../resource/written-object.ts";
import { alternativesOf } from "./alternatives.ts";
import { httpMatchOf } from "./http-match.ts";
import { parseRule } from "./rule.ts";

/** What there is to know of an IngressRoute before it is converted. */
export type IngressRouteShape = {
  /** As routes of the Gateway API name them; `*`: a rule without a host. */
  readonly hosts: readonly string[];
  readonly rules: number;
  /** Namespaced names of Middlewares, each once. */
  readonly middlewares: readonly string[];
  /** `undefined`: it is in the clear, or TLS is passed through. */
  readonly tls: { readonly secretName: string } | undefined;
  /** Why rules of it cannot be converted, in sentences. */
  readonly problems: readonly string[];
  /** What the Gateway API does otherwise. */
  readonly notes: readonly string[];
};

/** Reads an IngressRoute, IngressRouteTCP or IngressRouteUDP, whatever is written in it. */
export function shapeOfIngressRoute(raw: JsonObject, kind: string, namespace: string): IngressRouteShape {
  const spec = specOf(raw);
  const routes = objectsOf(spec["routes"]);
  const rules = routes.map((route) => readRule(textOf(route["match"]), kind));
  const tls = isJsonObject(spec["tls"]) ? spec["tls"] : undefined;
  return {
    hosts: [...new Set(rules.flatMap(({ hosts }) => hosts))],
    rules: routes.length,
    middlewares: [
      ...new Set(
        routes
          .flatMap((route) => objectsOf(route["middlewares"]))
          .map((ref) => `${textOf(ref["namespace"]) || namespace}/${textOf(ref["name"])}`),
      ),
    ],
    tls: tls === undefined || tls["passthrough"] === true ? undefined : { secretName: textOf(tls["secretName"]) },
    problems: [
      ...rules.flatMap(({ problems }) => problems),
      ...(textOf(tls?.["certResolver"]) === ""
        ? []
        : ["tls.certResolver: Traefik issues the certificate itself; let cert-manager issue one for the Gateway."]),
    ],
    notes: [...new Set(rules.flatMap(({ notes }) => notes))],
  };
}

type ReadRule = {
  readonly hosts: readonly string[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
};

function readRule(match: string, kind: string): ReadRule {
  if (kind === "IngressRouteUDP") return { hosts: [], problems: [], notes: [] };
  const parsed = parseRule(match);
  if ("error" in parsed) return failed(`The rule ${shown(match)} cannot be read: ${parsed.error}.`);
  const alternatives = alternativesOf(parsed.rule);
  if (alternatives === undefined) return failed(`The rule ${shown(match)} has more than 64 alternatives.`);
  if (kind === "IngressRouteTCP") {
    const matchers = alternatives.flat().map(({ matcher }) => matcher);
    const names = matchers.filter(({ name }) => name === "HostSNI").map(({ args }) => (args[0] ?? "").toLowerCase());
    const others = matchers.filter(({ name }) => name !== "HostSNI");
    const problems = others.map(({ name }) => `${name}: streams are chosen by server name alone.`);
    return { hosts: names, problems, notes: [] };
  }
  const matches = alternatives.map(httpMatchOf);
  const found = matches.flatMap((each) => ("problem" in each ? [] : [each]));
  const named = alternatives
    .flat()
    .flatMap(({ matcher, negated }) =>
      matcher.name === "Host" && !negated ? [(matcher.args[0] ?? "").toLowerCase()] : [],
    );
  return {
    // Also those of alternatives that cannot be converted: they move with the others all the same.
    hosts: [...named, ...found.flatMap(({ hostnames }) => (hostnames.length === 0 ? ["*"] : hostnames))],
    problems: matches.flatMap((each) => ("problem" in each ? [each.problem] : [])),
    notes: found.flatMap(({ notes }) => notes),
  };
}

function failed(problem: string): ReadRule {
  return { hosts: [], problems: [problem], notes: [] };
}

function shown(match: string): string {
  return JSON.stringify(match.length > 80 ? `${match.slice(0, 79)}…` : match);
}
