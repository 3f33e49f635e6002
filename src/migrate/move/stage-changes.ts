/** What has to be applied, removed and changed for a host to be in a stage. */
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import { annotationsOf, metadataOf, nameOf, specOf } from "../../resource/written-object.ts";
import { hostsOf, type MoveUnit } from "./move-unit.ts";
import type { HostState, Stage } from "./stages.ts";

export type MoveChange =
  /** By server-side apply, as the field manager `sluice-migrate`: fields that it applied before and leaves out now go. */
  | { readonly kind: "apply"; readonly object: JsonObject }
  | { readonly kind: "delete"; readonly object: JsonObject }
  /** By a merge patch (RFC 7386). */
  | { readonly kind: "merge"; readonly object: JsonObject };

export type MoveOptions = {
  /** What all hosts need, their Gateways among it. */
  readonly base: readonly JsonObject[];
  /** Service of the Ingress controller, `namespace/name`. */
  readonly oldService: { readonly namespace: string; readonly name: string };
};

export type StageChanges = { readonly changes: readonly MoveChange[] } | { readonly problem: string };

/** Annotations of ours on what a stage holds. external-dns leaves alone what names another controller than itself. */
const externalDns = "external-dns.alpha.kubernetes.io/controller";
const held = { [externalDns]: "sluice-migrate" };
const nginx = "nginx.ingress.kubernetes.io/";

/** From the stage where the unit is to the one that it comes to. Changes that were carried out before may be so again: the result is the same. */
export function stageChanges(
  unit: MoveUnit,
  from: Stage,
  { stage, weight }: Pick<HostState, "stage" | "weight">,
  options: MoveOptions,
): StageChanges {
  const gateway = gatewayOf(unit, options.base);
  if (stage !== "ingress" && gateway === undefined)
    return { problem: "no converted route of the host names a Gateway that is among the converted objects" };
  if (stage === "mirror") {
    const problem = mirrorProblem(unit);
    if (problem !== undefined) return { problem };
  }
  if (stage === "percentage" && unit.routes.some(({ kind }) => kind === "TLSRoute"))
    return { problem: "TLS that is passed through cannot be shared out by requests: cut the host over" };
  const side = gateway === undefined ? undefined : sideGateway(gateway);
  return {
    changes: [
      ...(side === undefined || (stage !== "mirror" && stage !== "percentage") ? [] : side.objects.map(apply)),
      ...routeChanges(unit, stage, side),
      ...(stage === "percentage" || from === "percentage" ? splitChanges(unit, { stage, weight, side, options }) : []),
      ...(annotatesIngress(stage) || annotatesIngress(from) ? ingressChanges(unit, stage, side) : []),
    ],
  };
}

const apply = (object: JsonObject): MoveChange => ({ kind: "apply", object });
const remove = (object: JsonObject): MoveChange => ({ kind: "delete", object });

type Gateway = { readonly namespace: string; readonly name: string; readonly className: string };

/** A Gateway of its own inside the cluster, for requests that another gateway has received: it believes who the client is. */
type SideGateway = {
  readonly gateway: Gateway;
  readonly name: string;
  readonly service: string;
  readonly objects: readonly JsonObject[];
};

function sideGateway(gateway: Gateway): SideGateway {
  const name = `${gateway.name}-move`;
  const metadata = { name, namespace: gateway.namespace };
  const ours = "gateway.sluice.dev";
  return {
    gateway,
    name,
    service: `${name}-${gateway.className}`,
    objects: [
      {
        apiVersion: `${ours}/v1alpha1`,
        kind: "GatewayConfig",
        metadata,
        spec: { service: { type: "ClusterIP" } },
      },
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata,
        spec: {
          gatewayClassName: gateway.className,
          infrastructure: { parametersRef: { group: ours, kind: "GatewayConfig", name } },
          listeners: [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } }],
        },
      },
      {
        apiVersion: `${ours}/v1alpha1`,
        kind: "ClientTrafficPolicy",
        metadata,
        spec: {
          targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name }],
          clientIPDetection: { xForwardedFor: { numTrustedHops: 1 } },
        },
      },
    ],
  };
}

function routeChanges({ routes }: MoveUnit, stage: Stage, side: SideGateway | undefined): readonly MoveChange[] {
  return routes.map((route) => {
    if (stage === "ingress") return remove(route);
    const spec = specOf(route);
    const parents = Array.isArray(spec["parentRefs"]) ? spec["parentRefs"] : [];
    const sideRef =
      side === undefined ? [] : [{ name: side.name, namespace: side.gateway.namespace, sectionName: "http" }];
    const onlySide = stage === "percentage" && !redirectsToHttps(route);
    const parentRefs = onlySide
      ? sideRef
      : stage === "mirror" && !redirectsToHttps(route)
        ? [...parents, ...sideRef]
        : parents;
    const annotations = { ...annotationsOf(route), ...(stage === "sideBySide" || stage === "mirror" ? held : {}) };
    return apply({
      ...route,
      metadata: { ...metadataOf(route), ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
      spec: { ...spec, parentRefs },
    });
  });
}

/** Routes that do nothing but lead to https are served by the Gateway itself from the first stage on. */
function redirectsToHttps(route: JsonObject): boolean {
  const rules = specOf(route)["rules"];
  if (!Array.isArray(rules) || rules.length === 0) return false;
  return rules.every((rule: unknown) => {
    const filters = isJsonObject(rule) && Array.isArray(rule["filters"]) ? rule["filters"] : [];
    return filters.some(
      (filter: unknown) =>
        isJsonObject(filter) &&
        isJsonObject(filter["requestRedirect"]) &&
        filter["requestRedirect"]["scheme"] === "https",
    );
  });
}

type Split = {
  readonly stage: Stage;
  readonly weight: number;
  readonly side: SideGateway | undefined;
  readonly options: MoveOptions;
};

/** The route that shares out a host's requests: to the Ingress controller, and to the routes of the host on the side Gateway. */
function splitChanges(unit: MoveUnit, { stage, weight, side, options }: Split): readonly MoveChange[] {
  if (side === undefined) return [];
  const name = `move-${slug(unit.hostnames[0] ?? "")}`;
  const metadata = { name, namespace: side.gateway.namespace };
  const { oldService } = options;
  const tls = unit.ingresses.some((ingress) => tlsHosts(ingress).some((host) => unit.hostnames.includes(host)));
  const backend = {
    apiVersion: "gateway.sluice.dev/v1alpha1",
    kind: "Backend",
    metadata,
    spec: {
      endpoints: [
        { fqdn: { hostname: `${oldService.name}.${oldService.namespace}.svc.cluster.local`, port: tls ? 443 : 80 } },
      ],
      // Inside the cluster, to the controller that has the host's key: it may have nothing but its default certificate.
      ...(tls ? { tls: { insecureSkipVerify: true, sni: unit.hostnames[0] } } : {}),
    },
  };
  const route = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata,
    spec: {
      parentRefs: publicParents(unit),
      hostnames: unit.hostnames,
      rules: [
        {
          backendRefs: [
            { group: "gateway.sluice.dev", kind: "Backend", name, weight: 100 - weight },
            { name: side.service, port: 80, weight },
          ],
        },
      ],
    },
  };
  return stage === "percentage" ? [apply(backend), apply(route)] : [remove(route), remove(backend)];
}

/** Where clients come in: the parents of all routes of the unit but those that lead to https, each once. */
function publicParents({ routes }: MoveUnit): readonly unknown[] {
  const parents = routes
    .filter((route) => !redirectsToHttps(route))
    .flatMap((route) => {
      const { parentRefs } = specOf(route);
      const { namespace = "default" } = metadataOf(route);
      return Array.isArray(parentRefs) ? parentRefs.filter(isJsonObject).map((ref) => ({ namespace, ...ref })) : [];
    });
  return [...new Map(parents.map((ref) => [JSON.stringify(ref), ref])).values()];
}

function ingressChanges(unit: MoveUnit, stage: Stage, side: SideGateway | undefined): readonly MoveChange[] {
  return unit.ingresses.flatMap((ingress): readonly MoveChange[] => {
    if (stage === "cleanedUp") return [withoutHosts(ingress, new Set(unit.hostnames))];
    const { name, namespace = "default" } = metadataOf(ingress);
    const mirrored =
      stage === "mirror" && side !== undefined && !isCanary(ingress) ? mirrorAnnotations(ingress, side) : {};
    const own = stage === "percentage" || stage === "cutOver" ? held : {};
    return [
      apply({
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name, namespace, annotations: { ...mirrored, ...own } },
      }),
    ];
  });
}

/** In these stages the Ingress has annotations of ours, or goes. */
function annotatesIngress(stage: Stage): boolean {
  return stage !== "ingress" && stage !== "sideBySide";
}

function mirrorAnnotations(ingress: JsonObject, { service, gateway }: SideGateway): Readonly<Record<string, string>> {
  return {
    [`${nginx}mirror-target`]: `http://${service}.${gateway.namespace}.svc.cluster.local$request_uri`,
    [`${nginx}mirror-host`]: hostsOf(ingress)[0] ?? "",
  };
}

/** nginx sends copies for an Ingress as a whole, under one host. */
function mirrorProblem({ ingresses }: MoveUnit): string | undefined {
  for (const ingress of ingresses.filter((each) => !isCanary(each))) {
    const hosts = hostsOf(ingress);
    if (hosts.length !== 1)
      return `Ingress ${nameOf(ingress)} has ${hosts.length} hosts, and nginx sends copies under one name: go on without the mirror (--stage percentage)`;
    if (annotationsOf(ingress)[`${nginx}mirror-target`] !== undefined)
      return `Ingress ${nameOf(ingress)} sends copies elsewhere already (mirror-target): go on without the mirror (--stage percentage)`;
  }
  return undefined;
}

function isCanary(ingress: JsonObject): boolean {
  return annotationsOf(ingress)[`${nginx}canary`] === "true";
}

/** The Ingress without rules and certificates of the hosts; one that has nothing else goes. */
function withoutHosts(ingress: JsonObject, hosts: ReadonlySet<string>): MoveChange {
  const spec = specOf(ingress);
  const others = (list: unknown, isOurs: (item: JsonObject) => boolean): readonly unknown[] =>
    Array.isArray(list) ? list.filter((item: unknown) => !(isJsonObject(item) && isOurs(item))) : [];
  const named = (host: unknown): boolean => typeof host === "string" && hosts.has(host.toLowerCase());
  const rules = others(spec["rules"], ({ host }) => named(host));
  if (rules.length === 0 && spec["defaultBackend"] === undefined) return remove(ingress);
  const tls = others(spec["tls"], (entry) => {
    const own = entry["hosts"];
    return Array.isArray(own) && own.length > 0 && own.every(named);
  });
  const { name, namespace = "default" } = metadataOf(ingress);
  return {
    kind: "merge",
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name, namespace },
      spec: { rules: rules.length === 0 ? null : rules, tls: tls.length === 0 ? null : tls },
    },
  };
}

function tlsHosts(ingress: JsonObject): readonly string[] {
  const { tls } = specOf(ingress);
  if (!Array.isArray(tls)) return [];
  return tls
    .filter(isJsonObject)
    .flatMap(({ hosts }) =>
      Array.isArray(hosts) && hosts.length > 0 ? hosts.map((host) => String(host).toLowerCase()) : hostsOf(ingress),
    );
}

/** The Gateway that the unit's routes name first, also by one of its ListenerSets. `undefined`: it is not among what was converted. */
function gatewayOf(unit: MoveUnit, base: readonly JsonObject[]): Gateway | undefined {
  const [first] = publicParents(unit).filter(isJsonObject);
  if (first === undefined) return undefined;
  const find = (kind: string, { namespace, name }: JsonObject): JsonObject | undefined =>
    base.find((object) => object["kind"] === kind && nameOf(object) === `${String(namespace)}/${String(name)}`);
  const set = first["kind"] === "ListenerSet" ? find("ListenerSet", first) : undefined;
  const ofSet = set === undefined ? undefined : specOf(set)["parentRef"];
  const parent = isJsonObject(ofSet) ? { namespace: first["namespace"], ...ofSet } : first;
  const gateway = find("Gateway", parent);
  if (gateway === undefined) return undefined;
  const { name, namespace = "default" } = metadataOf(gateway);
  return { namespace: String(namespace), name: String(name), className: String(specOf(gateway)["gatewayClassName"]) };
}

/** A host in the name of an object. */
function slug(hostname: string): string {
  return hostname
    .replace(/^\*/, "any")
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .slice(0, 50)
    .replace(/-+$/, "");
}
