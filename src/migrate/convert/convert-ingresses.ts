import type { Finding } from "../../finding/finding.ts";
import type { IngressModel, IngressServer } from "../../ingress/ingress-model.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { accountAnnotations } from "./account-annotations.ts";
import { convertCertificates } from "./certificates.ts";
import { convertController } from "./controller.ts";
import { defaultTraffic } from "./default-traffic.ts";
import {
  refuseSlashesOnHttp,
  refusingSlashes,
  type SlashOpening,
  slashOpenings,
  tellOpenings,
} from "./escaped-slashes.ts";
import {
  GatewayPlan,
  listenerName,
  nothingOfClients,
  type PlannedGateway,
  type WantedListener,
  writeGateways,
} from "./gateways.ts";
import { writeGrants } from "./grants.ts";
import { hostRedirects } from "./host-redirects.ts";
import type { Manifest } from "./manifest.ts";
import type { ConvertOptions } from "./options.ts";
import { type PlannedRoute, type PlannedServer, planRoutes, planServer } from "./plan-routes.ts";
import { certificateOf, defaultCertificateOf } from "./server-certificate.ts";
import { writePassthrough, writeStreams } from "./streams.ts";
import { Workspace } from "./workspace.ts";
import { writeDefaults, writeRoutes } from "./write-routes.ts";

export type Conversion = {
  /** In the order of their namespaces and names, kinds as a reader wants them. */
  readonly manifests: readonly Manifest[];
  /** What was lost, differs, or is left to do. What the model of the Ingresses found is not repeated. */
  readonly findings: readonly Finding[];
};

/**
 * The Ingresses of a controller as objects of the Gateway API and policies. Pure, and the same for the same input in any order. What
 * cannot be converted is a finding; where it protects something, the rules answer an error.
 */
export function convertIngresses(model: IngressModel, snapshot: Snapshot, options: ConvertOptions): Conversion {
  const workspace = new Workspace(snapshot, options);
  const gateways = new GatewayPlan(options, (ingress) => teamOf(ingress, snapshot, options.teamLabel));
  tellLeftOut(model, workspace);
  const defaults = defaultTraffic(model, workspace);
  // Clients get 404 rather than no connection where nothing of the Ingresses is served.
  if (options.layout === "shared" && model.ingresses.length > 0) gateways.shared();
  const controller = convertController(model, workspace);
  const routes: PlannedRoute[] = [];
  for (const server of model.servers) {
    if (server.owner === undefined && server.locations.every(({ owner }) => owner === undefined)) continue;
    const gateway = gateways.of(server);
    tellSplit(server, gateway, gateways, workspace);
    tellWildcard(server, workspace);
    const planned = planServer(model, workspace, server);
    const openings = planned.denied ? [] : slashOpenings(server);
    const tls = planListeners(server, gateway, { model, workspace, planned, openings });
    // What asks clients for certificates has nobody to ask in the clear.
    const denied = planned.denied || (planned.part.onlyHttps && tls.length === 0);
    const own = planRoutes(server, { ...planned, denied }, { model, workspace, gateway, tls });
    routes.push(...own);
    if (openings.length > 0) {
      const client = refusingSlashes(nothingOfClients, openings, workspace);
      const http = refuseSlashesOnHttp([server.hostname, ...server.aliases], client, {
        gateway,
        routes: own,
        workspace,
      });
      for (const hostname of [server.hostname, ...server.aliases]) gateway.namedHosts.add(hostname);
      tellOpenings(openings, [...tls.map(listenerName), ...http], workspace);
    }
    routes.push(...hostRedirects(server, planned, { gateway, tls }));
    writePassthrough(server, gateway, workspace);
  }
  writeStreams(model.streams, gateways, workspace);
  convertCertificates(model, gateways, workspace);
  writeRoutes(routes, defaults, workspace);
  writeGateways(gateways, controller, workspace);
  writeDefaults(gateways.all, defaults, workspace);
  writeGrants(workspace);
  accountAnnotations(model, workspace);
  return { manifests: [...workspace.manifests].sort(byPlace), findings: distinct(workspace.findings) };
}

type ListenerInput = {
  readonly model: IngressModel;
  readonly workspace: Workspace;
  readonly planned: PlannedServer;
  readonly openings: readonly SlashOpening[];
};

/**
 * Listeners with TLS for the host: its own for its certificate or for what it asks of clients, or the one of all hosts for the default
 * certificate. None: only http.
 */
function planListeners(
  server: IngressServer,
  { listeners }: PlannedGateway,
  { model, workspace, planned, openings }: ListenerInput,
): readonly WantedListener[] {
  const want = (hostname: string, rest: Pick<WantedListener, "certificate" | "client" | "comment">) => {
    const wanted: WantedListener = { hostname, protocol: "HTTPS", port: 443, ...rest };
    const known = listeners.get(listenerName(wanted));
    // The host of all others comes last, and what it asks of clients counts on the listener that they share with it.
    const asks = Object.keys(rest.client.fields).length > 0;
    if (known !== undefined && (known.hostname !== hostname || !asks)) return known;
    listeners.set(listenerName(wanted), wanted);
    return wanted;
  };
  const fallback = defaultCertificateOf(model, workspace.options);
  const comment = "the default certificate, for hosts without one of their own";
  const forAll = fallback === undefined ? [] : [want("", { certificate: fallback, client: nothingOfClients, comment })];
  if (server.passthrough !== undefined) return [];
  const { part, origins } = planned;
  const asked = { fields: part.clientPolicy, grants: part.grants, origins: origins.clientPolicy };
  const client = refusingSlashes(asked, openings, workspace);
  const asksClients = Object.keys(client.fields).length > 0;
  const own =
    certificateOf(server, fallback !== undefined, workspace) ??
    (asksClients && fallback !== undefined ? { certificate: fallback, comment } : undefined);
  if (own === undefined) return forAll;
  const hosts = server.hostname === "" ? [""] : [server.hostname, ...server.aliases];
  return hosts.map((hostname) => want(hostname, { ...own, client }));
}

function teamOf(ingress: Resource<"Ingress">, snapshot: Snapshot, label: string): string | undefined {
  const { labels, namespace } = ingress.metadata;
  return labels[label] ?? snapshot.get("Namespace", undefined, namespace)?.metadata.labels[label];
}

function tellLeftOut({ ingresses }: IngressModel, workspace: Workspace): void {
  const read = new Set(ingresses.map(({ resource }) => resource));
  for (const resource of workspace.snapshot.list("Ingress")) {
    if (read.has(resource)) continue;
    const { namespace, name, annotations } = resource.metadata;
    const ofClass = annotations["kubernetes.io/ingress.class"] ?? resource.spec.ingressClassName ?? "";
    workspace.report(
      "convert-ingress-left-out",
      { resource, pointer: "" },
      {
        message: `Ingress ${namespace}/${name} is not converted: its class ${JSON.stringify(ofClass)} is of another controller.`,
        fix: "Name its class with --ingress-class, if ingress-nginx serves it.",
      },
    );
  }
  for (const { resource, dropped } of ingresses) {
    if (dropped === undefined) continue;
    workspace.report(
      "convert-ingress-left-out",
      { resource, pointer: "" },
      {
        message: `Ingress ${resource.metadata.namespace}/${resource.metadata.name} is not converted: ${dropped.message}`,
        fix: dropped.fix,
      },
    );
  }
}

function tellSplit(server: IngressServer, gateway: PlannedGateway, gateways: GatewayPlan, workspace: Workspace): void {
  const elsewhere = server.locations
    .flatMap(({ owner }) => (owner === undefined ? [] : [owner.resource]))
    .find((owner) => gateways.of({ owner }) !== gateway);
  if (elsewhere === undefined) return;
  const { namespace, name } = elsewhere.metadata;
  workspace.report(
    "convert-host-split",
    { resource: elsewhere, pointer: "" },
    {
      message: `Ingress ${namespace}/${name} has paths of ${server.hostname || "hosts that nobody names"}, which is on Gateway ${gateway.namespace}/${gateway.name}; its routes go there.`,
      fix: "Nothing, if the Gateway may take routes of that namespace. Otherwise give the paths a host of their own.",
    },
  );
}

/** The paths of an Ingress have its annotations in common, so that each tells of the same losses. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const known = new Map(
    findings.map((finding) => [
      JSON.stringify([finding.name, finding.object, finding.pointer, finding.message]),
      finding,
    ]),
  );
  return [...known.values()];
}

/** `*.example.com` is one label to an Ingress, any number to a route. */
function tellWildcard({ hostname, owner }: IngressServer, workspace: Workspace): void {
  if (!hostname.startsWith("*.") || owner === undefined) return;
  const pointer = `/spec/rules/${owner.spec.rules.findIndex(({ host }) => host === hostname)}/host`;
  workspace.report(
    "convert-differs",
    { resource: owner, pointer },
    {
      message: `${hostname} is also for names with further labels, such as a.b${hostname.slice(1)}: a route's wildcard stands for any number of labels.`,
      fix: "Nothing, unless such names are to get 404.",
    },
  );
}

const kindOrder = ["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

function byPlace(a: Manifest, b: Manifest): number {
  const rank = ({ kind }: Manifest) => (kindOrder.indexOf(kind) + kindOrder.length + 1) % (kindOrder.length + 1);
  const text = ({ metadata }: Manifest) => metadata.namespace ?? "";
  return (
    compare(text(a), text(b)) ||
    rank(a) - rank(b) ||
    compare(a.kind, b.kind) ||
    compare(a.metadata.name, b.metadata.name)
  );
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
