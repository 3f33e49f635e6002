/**
 * How a setting of an Ingress becomes fields of the Gateway API and of policies. A converting feature is pure: its setting and the
 * scope in, parts out. What a part cannot say is reported: nothing is left out in silence.
 */
import type { FindingName } from "../../finding/catalogue.ts";
import type { ControllerConfig } from "../../ingress/controller-config.ts";
import type { FindingText } from "../../ingress/feature.ts";
import type { IngressCanary, IngressLocation, IngressServer, ServiceBackend } from "../../ingress/ingress-model.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { Manifest } from "./manifest.ts";
import type { PoliciesMode } from "./options.ts";
import type { Grant } from "./workspace.ts";

/** The setting of one location. */
export type ConvertFeature<Setting> = (setting: Setting, scope: ConvertScope) => ConvertedPart;

/** The same for a setting of a whole host. */
export type ConvertServerFeature<Setting> = (setting: Setting, scope: ConvertServerScope) => ConvertedServerPart;

/** Fields are as they are written in YAML. Those of several features are put together by {@link joinFields}. */
export type ConvertedPart = {
  /** Filters of the standard, in the rule. */
  readonly filters: readonly JsonObject[];
  /** Of an HTTPRouteFilter that the rule refers to. */
  readonly routeFilter: JsonObject;
  /** Of the rule itself, such as `sessionPersistence`. */
  readonly rule: JsonObject;
  /** Of the policies of the route. */
  readonly securityPolicy: JsonObject;
  readonly trafficPolicy: JsonObject;
  /** Filters answer every request, so that neither a backend nor a policy has a say. */
  readonly answers: boolean;
  /** Clients that come in the clear are sent to https with this status. */
  readonly toHttps: number | undefined;
  readonly backend: BackendPart;
  readonly variants: readonly ConvertedVariant[];
  /** Rules of the same path that are asked before all others, and answer by themselves. */
  readonly guards: readonly ConvertedGuard[];
  /** A path match instead of the one that the location has. */
  readonly path: JsonObject | undefined;
};

/** How backends are spoken with. */
export type BackendPart = {
  readonly protocol: "http1" | "http2";
  readonly tls: BackendTls | undefined;
};

export type BackendTls = {
  /** `undefined`: not verified, as ingress-nginx has it unless it is told otherwise. */
  readonly verify: { readonly secret: SecretName } | undefined;
  /** Sent as server name, and what the certificate must be for. `undefined`: none. */
  readonly hostname: string | undefined;
  readonly clientCertificate: SecretName | undefined;
};

export type SecretName = { readonly namespace: string; readonly name: string };

/** Requests of a location that go elsewhere than its others: a rule before its own, with all of its filters. */
export type ConvertedVariant = {
  readonly name: string;
  /** Of a match, beside the path; empty: these backends take the place of the location's. */
  readonly match: JsonObject;
  readonly shares: readonly { readonly to: "main" | IngressCanary; readonly weight: number }[];
};

export type ConvertedGuard = {
  readonly name: string;
  /** Of a match, beside the path. */
  readonly match: JsonObject;
  readonly filters: readonly JsonObject[];
  readonly routeFilter: JsonObject;
};

/** Annotations of an Ingress that say something, without prefix. */
export type Origin = { readonly ingress: Resource<"Ingress">; readonly annotations: readonly string[] };

export type ConvertedServerPart = {
  /** Rules before all others of the host, on every listener. */
  readonly rules: readonly ServerRule[];
  /** Hosts of no Ingress that are redirected. */
  readonly hosts: readonly { readonly hostname: string; readonly filters: readonly JsonObject[] }[];
  /** Of a ClientTrafficPolicy for the host's listeners with TLS. */
  readonly clientPolicy: JsonObject;
  /** Nothing is served in the clear: clients are sent to https, whatever the Ingresses say of that. */
  readonly onlyHttps: boolean;
  /** What the policy refers to; it stands beside the listener. */
  readonly grants: readonly { readonly from: Omit<Grant["from"], "namespace">; readonly to: Grant["to"] }[];
  readonly backendTls: BackendTls | undefined;
};

export type ServerRule = {
  readonly name: string;
  readonly match: JsonObject;
  readonly filters: readonly JsonObject[];
};

export const nothingConverted: ConvertedPart = {
  filters: [],
  routeFilter: {},
  rule: {},
  securityPolicy: {},
  trafficPolicy: {},
  answers: false,
  toHttps: undefined,
  backend: { protocol: "http1", tls: undefined },
  variants: [],
  guards: [],
  path: undefined,
};

export const nothingConvertedOfServer: ConvertedServerPart = {
  rules: [],
  hosts: [],
  clientPolicy: {},
  onlyHttps: false,
  grants: [],
  backendTls: undefined,
};

export type ConvertServerScope = {
  readonly policies: PoliciesMode;
  readonly controller: ControllerConfig;
  readonly snapshot: Snapshot;
  readonly server: IngressServer;
  readonly servers: readonly IngressServer[];
  /** Whose annotations they are. */
  readonly ingress: Resource<"Ingress">;
  /** Puts an object beside the routes of the Ingress and gives back the name that it got. */
  readonly add: (manifest: Manifest) => string;
  /** As `add`, but for an object that several rules share. */
  readonly addOnce: (manifest: Manifest) => string;
  readonly grant: (grant: Grant) => void;
  /**
   * A reference to a Service from an object of that kind in the Ingress's namespace, with the grant that it needs. `undefined`: it has
   * no port of that name.
   */
  readonly serviceRef: (
    from: { readonly group: string; readonly kind: string },
    backend: ServiceBackend,
  ) => JsonObject | undefined;
  /** A finding at the annotation. */
  readonly report: (name: FindingName, annotation: string, text: FindingText) => void;
  /** As `report`, and the rules answer 503: what protects them cannot be converted. */
  readonly deny: (name: FindingName, annotation: string, text: FindingText) => void;
};

export type ConvertScope = ConvertServerScope & { readonly location: IngressLocation };

/** Objects member by member, lists one behind the other, and of anything else the later one. */
export function joinFields(a: JsonObject, b: JsonObject): JsonObject {
  const joined: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const known = joined[key];
    if (isJsonObject(known) && isJsonObject(value)) joined[key] = joinFields(known, value);
    else if (Array.isArray(known) && Array.isArray(value)) joined[key] = [...known, ...value];
    else joined[key] = value;
  }
  return joined;
}

/** Filters of which a rule may have one. Spec: HTTPRouteRule.filters. */
const once = new Set(["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "CORS"]);

function joinFilters(a: readonly JsonObject[], b: readonly JsonObject[]): readonly JsonObject[] {
  const joined = [...a];
  for (const filter of b) {
    const at = joined.findIndex(({ type }) => type === filter["type"] && once.has(String(type)));
    const known = joined[at];
    if (known === undefined) joined.push(filter);
    else joined[at] = joinFields(known, filter);
  }
  return joined;
}

/** The parts of all features of a location as one. */
export function joinParts(parts: readonly ConvertedPart[]): ConvertedPart {
  return parts.reduce(
    (a, b) => ({
      filters: joinFilters(a.filters, b.filters),
      routeFilter: joinFields(a.routeFilter, b.routeFilter),
      rule: joinFields(a.rule, b.rule),
      securityPolicy: joinFields(a.securityPolicy, b.securityPolicy),
      trafficPolicy: joinFields(a.trafficPolicy, b.trafficPolicy),
      answers: a.answers || b.answers,
      toHttps: b.toHttps ?? a.toHttps,
      backend: {
        protocol: b.backend.protocol === "http2" ? "http2" : a.backend.protocol,
        tls: b.backend.tls ?? a.backend.tls,
      },
      variants: [...a.variants, ...b.variants],
      guards: [...a.guards, ...b.guards],
      path: b.path ?? a.path,
    }),
    nothingConverted,
  );
}
