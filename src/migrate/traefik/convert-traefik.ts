import { sameJson } from "../../base/same-json.ts";
import type { Finding } from "../../finding/finding.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import { splitApiVersion } from "../../resource/kind-version.ts";
import type { Origin } from "../../resource/origin.ts";
import { labelsOf, nameOf, objectsOf, placeOf, specOf, textsOf } from "../../resource/written-object.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import {
  GatewayPlan,
  listenerName,
  nothingOfClients,
  type PlannedGateway,
  type WantedListener,
  writeGateways,
} from "../convert/gateways.ts";
import { writeGrants } from "../convert/grants.ts";
import type { Manifest } from "../convert/manifest.ts";
import { hostSlug } from "../convert/names.ts";
import type { ConvertOptions } from "../convert/options.ts";
import { gatewayApi, Workspace } from "../convert/workspace.ts";
import { alternativesOf } from "./alternatives.ts";
import { type BackendScope, backendsOf } from "./backends.ts";
import { type HttpMatch, httpMatchOf } from "./http-match.ts";
import { Reporter } from "./reporter.ts";
import { parseRule } from "./rule.ts";

export type TraefikObject = { readonly raw: JsonObject; readonly origin: Origin | undefined };

export type TraefikConversion = {
  readonly manifests: readonly Manifest[];
  readonly findings: readonly Finding[];
};

const traefikGroups = ["traefik.io", "traefik.containo.us"];

/**
 * IngressRoutes, IngressRouteTCPs and IngressRouteUDPs as routes of one Gateway. Middlewares stay as they are, and routes name them. A
 * rule that a route cannot say is left out as a whole, which a finding tells of. Pure, and the same for the same input.
 */
export function convertTraefik(
  objects: readonly TraefikObject[],
  snapshot: Snapshot,
  options: ConvertOptions,
): TraefikConversion {
  const own = objects.filter(({ raw }) => traefikGroups.includes(splitApiVersion(String(raw["apiVersion"])).group));
  const workspace = new Workspace(snapshot, options);
  const gateways = new GatewayPlan(options, () => undefined);
  const traefikServices = new Map(
    own.filter(({ raw }) => raw["kind"] === "TraefikService").map(({ raw }) => [nameOf(raw), raw]),
  );
  const context: Context = { workspace, gateway: () => gateways.shared(), traefikServices };
  for (const object of own) {
    const kind = String(object.raw["kind"]);
    if (kind === "IngressRoute") convertHttp(object, context);
    if (kind === "IngressRouteTCP" || kind === "IngressRouteUDP") convertStream(object, kind, context);
  }
  writeGateways(gateways, { everywhere: {}, https: {} }, workspace);
  writeGrants(workspace);
  return { manifests: workspace.manifests, findings: workspace.findings };
}

type Context = {
  readonly workspace: Workspace;
  readonly gateway: () => PlannedGateway;
  readonly traefikServices: ReadonlyMap<string, JsonObject>;
};

function scopeOf(
  { raw, origin }: TraefikObject,
  kind: BackendScope["kind"],
  { workspace, traefikServices }: Context,
): BackendScope {
  const { namespace, name } = placeOf(raw);
  const group = splitApiVersion(String(raw["apiVersion"])).group;
  const ref = { group, kind: String(raw["kind"]), namespace, name };
  const reporter = new Reporter(workspace.findings, ref, origin);
  return { kind, namespace, traefikServices, workspace, reporter, pointer: "" };
}

/** Rules of an HTTPRoute, for the hosts of one of Traefik's rules. */
type HostRules = { readonly hostnames: readonly string[]; readonly rules: readonly JsonObject[] };

function convertHttp(object: TraefikObject, context: Context): void {
  const scope = scopeOf(object, "HTTPRoute", context);
  const { namespace, name } = placeOf(object.raw);
  const spec = specOf(object.raw);
  const byHost = new Map<string, JsonObject[]>();
  for (const [index, route] of objectsOf(spec["routes"]).entries()) {
    const routeScope = { ...scope, pointer: `/spec/routes/${index}` };
    for (const { hostnames, rules } of hostRulesOf(route, routeScope))
      for (const hostname of hostnames.length === 0 ? [""] : hostnames)
        byHost.set(hostname, [...(byHost.get(hostname) ?? []), ...rules]);
  }
  const tls = isJsonObject(spec["tls"]) ? spec["tls"] : undefined;
  tellTls(tls, scope);
  const groups = mergeHosts(byHost);
  for (const { hostnames, rules } of groups) {
    const gateway = context.gateway();
    gateway.routeNamespaces.add(namespace);
    const sections = sectionsOf(
      { entryPoints: textsOf(spec["entryPoints"]), hostnames, tls, namespace },
      gateway,
      scope,
    );
    if (sections.length === 0) continue;
    scope.workspace.add({
      apiVersion: `${gatewayApi}/v1`,
      kind: "HTTPRoute",
      metadata: {
        name: groups.length === 1 ? name : `${name}-${hostSlug(hostnames[0] ?? "")}`,
        namespace,
        labels: labelsOf(object.raw),
        annotations: {},
      },
      content: {
        spec: {
          parentRefs: sections.map((sectionName) => parentRef(gateway, sectionName, namespace)),
          ...(hostnames[0] === "" ? {} : { hostnames }),
          rules,
        },
      },
      comments: [`From IngressRoute ${namespace}/${name}.`],
      app: name,
    });
  }
}

/** Hosts whose rules are the same share a route. */
function mergeHosts(byHost: ReadonlyMap<string, readonly JsonObject[]>): readonly HostRules[] {
  const merged: HostRules[] = [];
  for (const [hostname, rules] of byHost) {
    const same = merged.findIndex((each) => hostname !== "" && each.hostnames[0] !== "" && sameJson(each.rules, rules));
    const known = merged[same];
    if (known === undefined) merged.push({ hostnames: [hostname], rules });
    else merged[same] = { ...known, hostnames: [...known.hostnames, hostname] };
  }
  return merged;
}

function hostRulesOf(route: JsonObject, scope: BackendScope): readonly HostRules[] {
  const { reporter, pointer } = scope;
  const refuse = (because: string): readonly HostRules[] => {
    reporter.report("traefik-rule-not-converted", `${pointer}/match`, {
      message: `The rule ${JSON.stringify(route["match"])} is not converted: ${because}`,
      fix: "Write a route for what it is to serve.",
    });
    return [];
  };
  const parsed = parseRule(String(route["match"] ?? ""));
  if ("error" in parsed) return refuse(`${parsed.error}.`);
  const alternatives = alternativesOf(parsed.rule);
  if (alternatives === undefined) return refuse("it has more than 64 alternatives.");
  const matches: HttpMatch[] = [];
  for (const alternative of alternatives) {
    const match = httpMatchOf(alternative);
    if ("problem" in match) return refuse(match.problem);
    matches.push(match);
  }
  for (const note of new Set(matches.flatMap(({ notes }) => notes)))
    reporter.report("traefik-differs", `${pointer}/match`, {
      message: note,
      fix: "Nothing, unless such requests come.",
    });
  if (typeof route["priority"] === "number" && route["priority"] !== 0)
    reporter.report("traefik-by-hand", `${pointer}/priority`, {
      message:
        "priority is not converted: the Gateway API takes exact paths first, then longer prefixes, methods, headers and query parameters.",
      fix: "See whether another rule fits the same requests.",
    });
  const { refs, mirrors, sessionPersistence } = backendsOf(objectsOf(route["services"]), scope);
  const filters = [...filtersOf(objectsOf(route["middlewares"]), scope), ...mirrors];
  const byHost = Map.groupBy(matches, ({ hostnames }) => hostnames.join());
  return [...byHost.values()].map((same) => ({
    hostnames: same[0]?.hostnames ?? [],
    rules: [
      {
        matches: same.map(({ match }) => match),
        ...(filters.length === 0 ? {} : { filters }),
        ...(sessionPersistence === undefined ? {} : { sessionPersistence }),
        backendRefs: refs,
      },
    ],
  }));
}

/** Middlewares in their order. A route names only those of its own namespace, so that those of others are left to a person. */
function filtersOf(
  middlewares: readonly JsonObject[],
  { namespace, reporter, pointer }: BackendScope,
): readonly JsonObject[] {
  return middlewares.map((ref) => {
    const name = String(ref["name"] ?? "");
    const elsewhere =
      typeof ref["namespace"] === "string" && ref["namespace"] !== namespace ? ref["namespace"] : undefined;
    if (elsewhere !== undefined || name.includes("@"))
      reporter.report("traefik-by-hand", `${pointer}/middlewares`, {
        message: `Middleware ${elsewhere ?? ""}${elsewhere === undefined ? "" : "/"}${name} is not in the namespace of the route, ${namespace}: the rule answers 500 until it is there.`,
        fix: `Copy the Middleware into namespace ${namespace}.`,
      });
    return {
      type: "ExtensionRef",
      extensionRef: { group: "traefik.io", kind: "Middleware", name: name.replace(/@.*$/, "") },
    };
  });
}

type Entry = {
  readonly entryPoints: readonly string[];
  readonly hostnames: readonly string[];
  readonly tls: JsonObject | undefined;
  readonly namespace: string;
};

/** The listeners for a route: by the usual names of entry points. Without any, Traefik takes all that are for HTTP. */
function sectionsOf(
  { entryPoints, hostnames, tls, namespace }: Entry,
  gateway: PlannedGateway,
  { reporter }: BackendScope,
): readonly string[] {
  const wanted = entryPoints.length > 0 ? entryPoints : tls === undefined ? ["web"] : ["websecure"];
  return wanted.flatMap((entryPoint) => {
    if (entryPoint === "web" || entryPoint === "http") return ["http"];
    if (entryPoint !== "websecure" && entryPoint !== "https") {
      reporter.report("traefik-by-hand", "/spec/entryPoints", {
        message: `Entry point ${JSON.stringify(entryPoint)} is defined where Traefik is started, and its port is not known here.`,
        fix: "Add a listener with its port to the Gateway, and its name to parentRefs of the route.",
      });
      return [];
    }
    const secretName = typeof tls?.["secretName"] === "string" ? tls["secretName"] : "";
    return hostnames.map((hostname) => {
      const name = secretName === "" ? `${hostSlug(hostname)}-tls` : secretName;
      if (secretName === "")
        reporter.report("traefik-by-hand", "/spec/tls", {
          message: `${hostname === "" ? "The route" : hostname} has no Secret with a certificate: Traefik takes its default certificate or makes one.`,
          fix: `Put a certificate into Secret ${namespace}/${name}, for example with cert-manager.`,
        });
      const listener: WantedListener = {
        ...{ hostname, protocol: "HTTPS", port: 443, client: nothingOfClients },
        certificate: { namespace, name },
        comment: `for IngressRoutes of namespace ${namespace}`,
      };
      const section = listenerName(listener);
      if (!gateway.listeners.has(section)) gateway.listeners.set(section, listener);
      return section;
    });
  });
}

function tellTls(tls: JsonObject | undefined, { reporter }: BackendScope): void {
  const told = {
    options: "Write a ClientTrafficPolicy with the versions and ciphers of the TLSOption.",
    certResolver: "Let cert-manager issue the certificate, by an annotation of the Gateway.",
  };
  for (const [field, fix] of Object.entries(told))
    if (tls?.[field] !== undefined)
      reporter.report("traefik-by-hand", `/spec/tls/${field}`, { message: `tls.${field} is not converted.`, fix });
}

/** TLS by server name becomes a TLSRoute where it is passed through; the rest is left to a person, because ports are Traefik's own. */
function convertStream(object: TraefikObject, kind: "IngressRouteTCP" | "IngressRouteUDP", context: Context): void {
  const { namespace, name } = placeOf(object.raw);
  const spec = specOf(object.raw);
  const scope = scopeOf(object, "TLSRoute", context);
  const passthrough = isJsonObject(spec["tls"]) && spec["tls"]["passthrough"] === true;
  for (const [index, route] of objectsOf(spec["routes"]).entries()) {
    const pointer = `/spec/routes/${index}`;
    const names = kind === "IngressRouteTCP" && passthrough ? serverNamesOf(String(route["match"] ?? "")) : undefined;
    if (names === undefined) {
      scope.reporter.report("traefik-rule-not-converted", pointer, {
        message: `${kind} ${namespace}/${name} is not converted: the port of its entry point is defined where Traefik is started.`,
        fix: `Add a listener with the port to the Gateway, and a ${kind === "IngressRouteUDP" ? "UDPRoute" : "TCPRoute or TLSRoute"} for it.`,
      });
      continue;
    }
    const gateway = context.gateway();
    gateway.routeNamespaces.add(namespace);
    const sections = names.map((hostname) => {
      const listener: WantedListener = {
        ...{ hostname, protocol: "TLS", port: 443, certificate: undefined, client: nothingOfClients },
        comment: `TLS of ${hostname} is passed through, as IngressRouteTCP ${namespace}/${name} asks`,
      };
      gateway.listeners.set(listenerName(listener), listener);
      return listenerName(listener);
    });
    scope.workspace.add({
      apiVersion: `${gatewayApi}/v1`,
      kind: "TLSRoute",
      metadata: { name, namespace, labels: labelsOf(object.raw), annotations: {} },
      content: {
        spec: {
          parentRefs: sections.map((section) => parentRef(gateway, section, namespace)),
          hostnames: names,
          rules: [{ backendRefs: backendsOf(objectsOf(route["services"]), { ...scope, pointer }).refs }],
        },
      },
      comments: [`From IngressRouteTCP ${namespace}/${name}.`],
      app: name,
    });
  }
}

/** Names of a rule that asks for nothing else; `undefined` for any other. */
function serverNamesOf(match: string): readonly string[] | undefined {
  const parsed = parseRule(match);
  const alternatives = "rule" in parsed ? alternativesOf(parsed.rule) : undefined;
  const names = alternatives?.map((each) => {
    const [only] = each;
    const host = only?.matcher.args[0]?.toLowerCase() ?? "*";
    return each.length === 1 && only?.matcher.name === "HostSNI" && !only.negated && host !== "*" ? host : undefined;
  });
  return names?.every((host) => host !== undefined) ? names : undefined;
}

function parentRef(gateway: PlannedGateway, sectionName: string, namespace: string): JsonObject {
  return {
    name: gateway.name,
    ...(gateway.namespace === namespace ? {} : { namespace: gateway.namespace }),
    sectionName,
  };
}
