/**
 * Paths that ingress-nginx decodes before it chooses a location, and routes compare as they are sent: `/admin%2Fx` is below `/admin`
 * there and below `/` here. Where that would come around a protection, such paths are refused.
 */
import { canonicalJson } from "../../base/canonical-json.ts";
import type { IngressLocation, IngressServer, LocationMatch } from "../../ingress/ingress-model.ts";
import type { Snippet } from "../../ingress/snippet/snippet.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import { type ListenerClients, listenerName, type PlannedGateway } from "./gateways.ts";
import type { PlannedRoute } from "./plan-routes.ts";
import type { Workspace } from "./workspace.ts";

/** A protected location, and one that requests for it would come to by an escaped slash. */
export type SlashOpening = {
  readonly ingress: Resource<"Ingress">;
  readonly location: IngressLocation;
  readonly open: IngressLocation;
  /** What the other one lacks, or has in another way. */
  readonly lacks: readonly string[];
};

/** Of a ClientTrafficPolicy. */
const refusal: JsonObject = { path: { escapedSlashesAction: "RejectRequest" } };

/** The openings of a host, one for each Ingress that protects something. What is asked for by the whole host cannot differ. */
export function slashOpenings(server: IngressServer): readonly SlashOpening[] {
  const found = new Map<Resource<"Ingress">, SlashOpening>();
  for (const location of server.locations) {
    const ingress = location.owner?.resource ?? server.owner;
    const own = protectionsOf(location);
    if (ingress === undefined || own.size === 0 || found.has(ingress)) continue;
    for (const open of server.locations) {
      if (open === location || open.target.kind !== "backend" || open.denied !== undefined) continue;
      const others = protectionsOf(open);
      const lacks = [...own].flatMap(([name, value]) => (others.get(name) === value ? [] : [name]));
      if (lacks.length === 0 || !mayComeTo(open.match, location.match)) continue;
      found.set(ingress, { ingress, location, open, lacks });
      break;
    }
  }
  return [...found.values()];
}

/** What holds requests back, by what it is called in findings; equal values protect alike. */
function protectionsOf({ settings, denied }: IngressLocation): ReadonlyMap<string, string> {
  const { externalAuth, basicAuth, addressLists, limits, firewall, snippets } = settings;
  const { allow, deny } = addressLists;
  const { requests, connections, exempt } = limits;
  const rows: readonly (readonly [string, boolean, unknown])[] = [
    ["503", denied !== undefined, true],
    ["auth-url", externalAuth !== undefined, externalAuth],
    ["auth-type", basicAuth !== undefined, basicAuth],
    ["address lists", allow !== undefined || deny.length > 0, addressLists],
    ["limits", requests.length > 0 || connections > 0, { requests, connections, exempt }],
    ["snippet", snippets.location !== undefined && refuses(snippets.location), snippets.location],
    ["ModSecurity", firewall.mode === "blocks", firewall],
  ];
  return new Map(
    rows.flatMap(([name, holds, value]) => (holds ? [[name, canonicalJson(value ?? null)] as const] : [])),
  );
}

/** Whether a snippet may keep requests out. */
function refuses({ parts, unserved }: Snippet): boolean {
  return (
    parts.some((part) => part.kind === "addressRule" || (part.kind === "answer" && part.answer.status >= 400)) ||
    unserved.some(({ protects }) => protects)
  );
}

/** Whether a path that fits one location when it is decoded may fit another one as it is sent. */
function mayComeTo(sent: LocationMatch, decoded: LocationMatch): boolean {
  if (sent.kind === "regex" || decoded.kind === "regex") {
    const [a, b] = [literalHead(sent).toLowerCase(), literalHead(decoded).toLowerCase()];
    return a.startsWith(b) || b.startsWith(a);
  }
  // What is sent fits the other location too when it is decoded, so that this one is the more precise: a slash of the rest is escaped.
  return (
    sent.kind === "beginning" &&
    decoded.value.startsWith(sent.value) &&
    decoded.value.slice(sent.value.length).includes("/")
  );
}

/** The text that every path begins with that fits. */
function literalHead(match: LocationMatch): string {
  if (match.kind !== "regex") return match.value;
  const { pattern } = match;
  if (pattern.includes("|")) return "";
  const [head = ""] = /^\^?[^\\^$.*+?()[\]{}]*/.exec(pattern) ?? [];
  const text = head.replace(/^\^/, "");
  // A quantifier makes the character before it optional.
  return /[*?{]/.test(pattern.charAt(head.length)) ? text.slice(0, -1) : text;
}

/** What a host with openings asks of clients beside the rest. */
export function refusingSlashes(
  client: ListenerClients,
  openings: readonly SlashOpening[],
  { options }: Workspace,
): ListenerClients {
  if (openings.length === 0 || options.policies === "none") return client;
  const origins = openings.map(({ ingress }) => ({ ingress, annotations: [] }));
  return { ...client, fields: { ...client.fields, ...refusal }, origins: [...client.origins, ...origins] };
}

/** Of a Gateway: hosts beyond these share its listener for http, which has room for 64 in all. */
const mostHttpListeners = 32;

/**
 * Plans the refusal for clients that come with http, if any of the host's routes leads them to a backend, and gives back the names of
 * the listeners. A host has one of its own for it. Hosts with wildcards or without a name use that of all hosts, because theirs would
 * take requests away from it that it has routes for; so does every host with Envoy Gateway, which has paths treated alike on all
 * listeners of a port without TLS.
 */
export function refuseSlashesOnHttp(
  hostnames: readonly string[],
  client: ListenerClients,
  { gateway, routes, workspace }: { gateway: PlannedGateway; routes: readonly PlannedRoute[]; workspace: Workspace },
): readonly string[] {
  if (!routes.some(({ on, rules }) => on === "all" && rules.some(({ backendRefs = [] }) => backendRefs.length > 0)))
    return [];
  const own = [...gateway.listeners.values()].filter(({ protocol }) => protocol === "HTTP").length;
  const plain = hostnames.every(
    (hostname) =>
      hostname !== "" &&
      !hostname.startsWith("*.") &&
      !gateway.listeners.has(listenerName({ hostname, protocol: "HTTP", port: 80 })),
  );
  if (workspace.options.policies !== "sluice" || !plain || own + hostnames.length > mostHttpListeners) {
    gateway.httpClients.push(client);
    return ["http"];
  }
  return hostnames.map((hostname) => {
    const comment = `http of ${hostname}, where paths with escaped slashes are refused`;
    const listener = { hostname, protocol: "HTTP", port: 80, certificate: undefined, client, comment } as const;
    gateway.listeners.set(listenerName(listener), listener);
    return listenerName(listener);
  });
}

/** `sections`: the listeners that refuse such paths. */
export function tellOpenings(
  openings: readonly SlashOpening[],
  sections: readonly string[],
  workspace: Workspace,
): void {
  for (const { ingress, location, open, lacks } of openings) {
    const at = { resource: ingress, pointer: location.owner?.from.pointer ?? "" };
    const { path } = location;
    const way = `${path.replace(/\/$/, "")}%2F`;
    const around = `ingress-nginx takes %2F for a slash where it chooses a path, and routes do not: requests for ${path} that are written with it, such as ${way}, would go to ${open.path || "/"}, without the same ${lacks.join(", ")}.`;
    if (workspace.options.policies === "none") {
      workspace.report("convert-needs-policies", at, {
        message: `${around} Only a policy can refuse them.`,
        fix: "Convert with --policies sluice or envoy-gateway, protect both paths alike, or have the gateway refuse or unescape %2F and %5C.",
      });
      continue;
    }
    const shared = sections.filter((section) => section === "http" || section === "https");
    const others =
      shared.length === 0 ? "" : ` (${shared.join(" and ")} for all hosts that have no listener of their own)`;
    workspace.report("convert-escaped-slash", at, {
      message: `${around} Paths with %2F or %5C get 400 on ${sections.length === 1 ? "listener" : "listeners"} ${sections.join(", ")}${others}.`,
      fix: "Nothing, unless clients need such paths. Then set path.escapedSlashesAction of the ClientTrafficPolicy of the listener: UnescapeAndRedirect sends clients to the path with plain slashes; KeepUnchanged is safe only once both paths are protected alike.",
    });
  }
}
