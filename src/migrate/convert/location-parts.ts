/** The parts that the settings of a location and of a host become, with what is lost on the way in the mode that was asked for. */
import { sameJson } from "../../base/same-json.ts";
import type { IngressFeature } from "../../ingress/feature.ts";
import {
  type LocationFeatureName,
  type LocationSettings,
  locationFeatures,
  type ServerFeatureName,
  serverFeatures,
} from "../../ingress/features.ts";
import type { IngressServer } from "../../ingress/ingress-model.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import {
  type ConvertedPart,
  type ConvertedServerPart,
  type ConvertFeature,
  type ConvertScope,
  type ConvertServerFeature,
  type ConvertServerScope,
  joinFields,
  joinParts,
  nothingConverted,
  nothingConvertedOfServer,
  type Origin,
} from "./convert-feature.ts";
import { locationConversions, serverConversions } from "./convert-features.ts";
import { writtenRows } from "./feature/nothing.ts";
import { type PolicyFieldsKind, withoutOwnFields } from "./own-fields.ts";

/** Annotations by what they have a part in, for comments. */
export type Sources = {
  readonly rule: readonly Origin[];
  readonly securityPolicy: readonly Origin[];
  readonly trafficPolicy: readonly Origin[];
};

export type LocationParts = { readonly part: ConvertedPart; readonly sources: Sources };

export function convertLocation(settings: LocationSettings, scope: ConvertScope): LocationParts {
  const sources = { rule: [] as Origin[], securityPolicy: [] as Origin[], trafficPolicy: [] as Origin[] };
  const parts: ConvertedPart[] = [];
  for (const name of Object.keys(locationFeatures) as LocationFeatureName[]) {
    const feature = locationFeatures[name];
    const convert = locationConversions[name] as ConvertFeature<unknown>;
    const part = inMode(convert(settings[name], scope), feature, scope);
    const origins = [originOf(feature, scope.ingress), ...(name === "canary" ? canaryOrigins(scope) : [])];
    for (const field of ["securityPolicy", "trafficPolicy"] as const) {
      if (Object.keys(part[field]).length > 0) sources[field].push(...origins);
    }
    if (saysInRules(part)) sources.rule.push(...origins);
    parts.push(part);
  }
  return { part: joinParts(parts), sources };
}

function originOf(feature: IngressFeature<unknown>, ingress: Resource<"Ingress">): Origin {
  return { ingress, annotations: writtenRows(feature, { ingress }).map(({ name }) => name) };
}

/** Whether a rule is other than it would be without the part. */
function saysInRules({ securityPolicy: _, trafficPolicy: __, ...inRules }: ConvertedPart): boolean {
  return !sameJson({ ...nothingConverted, ...inRules }, nothingConverted);
}

function canaryOrigins({ location }: ConvertScope): readonly Origin[] {
  return location.canaries.map(({ owner }) => originOf(locationFeatures.canary, owner));
}

/** What the settings of a host became, with whose annotations said it. */
export type ServerParts = {
  readonly part: ConvertedServerPart;
  readonly origins: { readonly [Field in "rules" | "hosts" | "clientPolicy" | "backendTls"]: readonly Origin[] };
};

/** `scopeOf`: what is seen of the conversion for an annotation of that Ingress. */
export function convertServer(
  { settings, settingOwners, owner }: Pick<IngressServer, "settings" | "settingOwners" | "owner">,
  scopeOf: (ingress: Resource<"Ingress">) => ConvertServerScope,
): ServerParts {
  let joined = nothingConvertedOfServer;
  const origins = {
    rules: [] as Origin[],
    hosts: [] as Origin[],
    clientPolicy: [] as Origin[],
    backendTls: [] as Origin[],
  };
  for (const name of Object.keys(serverFeatures) as ServerFeatureName[]) {
    const ingress = settingOwners[name] ?? owner;
    if (ingress === undefined) continue;
    const scope = scopeOf(ingress);
    const convert = serverConversions[name] as ConvertServerFeature<unknown>;
    const part = convert(settings[name], scope);
    const clientPolicy = fieldsInMode("ClientTrafficPolicy", part.clientPolicy, serverFeatures[name], scope);
    for (const field of Object.keys(origins) as (keyof typeof origins)[]) {
      if (!sameJson(part[field], nothingConvertedOfServer[field]))
        origins[field].push(originOf(serverFeatures[name], ingress));
    }
    joined = {
      rules: [...joined.rules, ...part.rules],
      hosts: [...joined.hosts, ...part.hosts],
      clientPolicy: joinFields(joined.clientPolicy, clientPolicy),
      onlyHttps: joined.onlyHttps || part.onlyHttps,
      grants: [...joined.grants, ...part.grants],
      backendTls: part.backendTls ?? joined.backendTls,
    };
  }
  return { part: joined, origins };
}

/** The part without what the policies of the mode cannot say. */
function inMode(part: ConvertedPart, feature: IngressFeature<unknown>, scope: ConvertScope): ConvertedPart {
  if (scope.policies === "sluice") return part;
  return {
    ...part,
    routeFilter: fieldsInMode("HTTPRouteFilter", part.routeFilter, feature, scope),
    securityPolicy: fieldsInMode("SecurityPolicy", part.securityPolicy, feature, scope),
    trafficPolicy: fieldsInMode("BackendTrafficPolicy", part.trafficPolicy, feature, scope),
  };
}

function fieldsInMode(
  kind: PolicyFieldsKind,
  fields: JsonObject,
  feature: IngressFeature<unknown>,
  scope: ConvertServerScope,
): JsonObject {
  if (scope.policies === "sluice" || Object.keys(fields).length === 0) return fields;
  const { kept, removed } =
    scope.policies === "none" ? { kept: {}, removed: pathsOf(fields) } : withoutOwnFields(kind, fields);
  if (removed.length > 0) tellRemoved(kind, removed, feature, scope);
  return kept;
}

function tellRemoved(
  kind: PolicyFieldsKind,
  removed: readonly string[],
  feature: IngressFeature<unknown>,
  scope: ConvertServerScope,
): void {
  const paths = removed.map((path) => `${kind} ${path}`).join(", ");
  const protects = removed.some((path) => protecting[kind].includes(path));
  const none = scope.policies === "none";
  const end = protects ? "; the rules answer an error, because it protects something" : "";
  for (const { name } of writtenRows(feature, scope)) {
    const text = none
      ? {
          message: `${name} needs ${paths}, which is not written with --policies none${end}.`,
          fix: "Use --policies sluice or --policies envoy-gateway, or accept the loss with --accept-loss.",
        }
      : {
          message: `${name} is not converted as a whole: policies of Envoy Gateway have no ${paths}${end}.`,
          fix: "Use --policies sluice, or do by hand what it did.",
        };
    if (protects) scope.deny("convert-refused", name, text);
    else scope.report(none ? "convert-needs-policies" : "convert-lost", name, text);
  }
}

/** Fields by their names, those below `tls` by both. */
function pathsOf(fields: JsonObject): readonly string[] {
  return Object.entries(fields).flatMap(([key, value]) =>
    key === "tls" ? Object.keys(value as JsonObject).map((own) => `tls.${own}`) : [key],
  );
}

/** Fields without which requests pass that were to be held back. */
const protecting: Readonly<Record<PolicyFieldsKind, readonly string[]>> = {
  SecurityPolicy: ["basicAuth", "extAuth", "authorization"],
  BackendTrafficPolicy: ["rateLimit", "concurrency"],
  ClientTrafficPolicy: ["tls.clientValidation"],
  HTTPRouteFilter: [],
  Backend: [],
};
