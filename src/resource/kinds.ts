/** The kinds that Sluice reads. Everything that differs from kind to kind stands in the rows below. */
import type { Origin } from "./origin.ts";
import { type BackendTlsPolicySpec, backendTlsPolicySpec } from "./schema/backend-tls-policy.ts";
import * as core from "./schema/core.ts";
import { type GatewaySpec, gatewaySpec } from "./schema/gateway.ts";
import { type GatewayClassSpec, gatewayClassSpec } from "./schema/gateway-class.ts";
import { type GatewayConfigSpec, gatewayConfigSpec } from "./schema/gateway-config.ts";
import { type GrpcRouteSpec, grpcRouteSpec } from "./schema/grpc-route.ts";
import { type HttpRouteSpec, httpRouteSpec } from "./schema/http-route.ts";
import { type IngressClassSpec, type IngressSpec, ingressClassSpec, ingressSpec } from "./schema/ingress.ts";
import { type ListenerSetSpec, listenerSetSpec } from "./schema/listener-set.ts";
import type { MetadataFields } from "./schema/metadata.ts";
import { type BackendSpec, backendSpec } from "./schema/policy/backend.ts";
import { type BackendTrafficPolicySpec, backendTrafficPolicySpec } from "./schema/policy/backend-traffic-policy.ts";
import { type ClientTrafficPolicySpec, clientTrafficPolicySpec } from "./schema/policy/client-traffic-policy.ts";
import { type ExtensionPolicySpec, extensionPolicySpec } from "./schema/policy/extension-policy.ts";
import { type HttpRouteFilterSpec, httpRouteFilterSpec } from "./schema/policy/http-route-filter.ts";
import { type SecurityPolicySpec, securityPolicySpec } from "./schema/policy/security-policy.ts";
import { type ReferenceGrantSpec, referenceGrantSpec } from "./schema/reference-grant.ts";
import { type FieldsSchema, withSpec } from "./schema/spec.ts";
import { type TcpRouteSpec, tcpRouteSpec, tcpRouteSpecV1alpha2 } from "./schema/tcp-route.ts";
import { type TlsRouteSpec, tlsRouteSpec, tlsRouteSpecV1alpha2 } from "./schema/tls-route.ts";
import { type MiddlewareSpec, middlewareSpec } from "./schema/traefik/middleware.ts";
import { type UdpRouteSpec, udpRouteSpec, udpRouteSpecV1alpha2 } from "./schema/udp-route.ts";
import { type XBackendSpec, xBackendSpec } from "./schema/x-backend.ts";
import { type XBackendTrafficPolicySpec, xBackendTrafficPolicySpec } from "./schema/x-backend-traffic-policy.ts";
import { type XTelemetryPolicySpec, xTelemetryPolicySpec } from "./schema/x-telemetry-policy.ts";

/**
 * How a version of a kind stands in Gateway API v1.7.0. `served`: accepted and good. `deprecated`: accepted for now.
 * `removed`: clusters refuse it; Sluice reads it because it means the same. Versions that mean something else are in
 * `retired-version.ts`.
 */
export type VersionState = "served" | "deprecated" | "removed";

/** The shapes of status that the API has. */
export type StatusShape = "gatewayClass" | "gateway" | "listenerSet" | "route" | "policy" | "backend" | "ingress";

export type KindRow = {
  readonly group: string;
  /** Written into every resource, whatever version the user wrote. */
  readonly version: string;
  /** Every version that is read, the current one first, each with its declaration. */
  readonly versions: Readonly<Record<string, { readonly state: VersionState; readonly schema: FieldsSchema }>>;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  readonly status?: StatusShape;
  /**
   * Gateway API release channel that first has the kind; `core` for the kinds of Kubernetes itself, `own` for Sluice's,
   * `foreign` for those of other gateways, which are read where a cluster has them.
   */
  readonly channel: "standard" | "experimental" | "core" | "own" | "foreign";
  /** The kind of Envoy Gateway with the same fields and meaning, in the same versions. Its objects are read as this kind's. */
  readonly twin?: Twin;
};

export type Twin = { readonly group: string; readonly kind: string; readonly plural: string };

const gatewayApi = "gateway.networking.k8s.io";
const gatewayApiExperimental = "gateway.networking.x-k8s.io";
const ours = "gateway.sluice.dev";
const envoyGateway = "gateway.envoyproxy.io";

const served = (schema: FieldsSchema) => ({ state: "served", schema }) as const;
const deprecated = (schema: FieldsSchema) => ({ state: "deprecated", schema }) as const;
const removed = (schema: FieldsSchema) => ({ state: "removed", schema }) as const;

const gatewayClass = withSpec(gatewayClassSpec);
const gateway = withSpec(gatewaySpec);
const httpRoute = withSpec(httpRouteSpec);
const grpcRoute = withSpec(grpcRouteSpec);
const referenceGrant = withSpec(referenceGrantSpec);
const backendTlsPolicy = withSpec(backendTlsPolicySpec);
const ingress = withSpec(ingressSpec);
const ingressClass = withSpec(ingressClassSpec.default({ controller: "" }));
const alphaTlsRoute = withSpec(tlsRouteSpecV1alpha2);

/** THE table of kinds. */
export const kinds = {
  GatewayClass: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(gatewayClass), v1beta1: served(gatewayClass), v1alpha2: removed(gatewayClass) },
    plural: "gatewayclasses",
    singular: "gatewayclass",
    shortNames: ["gc"],
    scope: "Cluster",
    status: "gatewayClass",
    channel: "standard",
  },
  Gateway: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(gateway), v1beta1: served(gateway), v1alpha2: removed(gateway) },
    plural: "gateways",
    singular: "gateway",
    shortNames: ["gtw", "gw"],
    scope: "Namespaced",
    status: "gateway",
    channel: "standard",
  },
  ListenerSet: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(withSpec(listenerSetSpec)) },
    plural: "listenersets",
    singular: "listenerset",
    shortNames: ["lset"],
    scope: "Namespaced",
    status: "listenerSet",
    channel: "standard",
  },
  HTTPRoute: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(httpRoute), v1beta1: served(httpRoute), v1alpha2: removed(httpRoute) },
    plural: "httproutes",
    singular: "httproute",
    shortNames: [],
    scope: "Namespaced",
    status: "route",
    channel: "standard",
  },
  GRPCRoute: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(grpcRoute), v1alpha2: removed(grpcRoute) },
    plural: "grpcroutes",
    singular: "grpcroute",
    shortNames: [],
    scope: "Namespaced",
    status: "route",
    channel: "standard",
  },
  TLSRoute: {
    group: gatewayApi,
    version: "v1",
    versions: {
      v1: served(withSpec(tlsRouteSpec)),
      v1alpha3: deprecated(withSpec(tlsRouteSpec)),
      v1alpha2: deprecated(alphaTlsRoute),
    },
    plural: "tlsroutes",
    singular: "tlsroute",
    shortNames: [],
    scope: "Namespaced",
    status: "route",
    channel: "standard",
  },
  TCPRoute: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(withSpec(tcpRouteSpec)), v1alpha2: deprecated(withSpec(tcpRouteSpecV1alpha2)) },
    plural: "tcproutes",
    singular: "tcproute",
    shortNames: [],
    scope: "Namespaced",
    status: "route",
    channel: "standard",
  },
  UDPRoute: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(withSpec(udpRouteSpec)), v1alpha2: deprecated(withSpec(udpRouteSpecV1alpha2)) },
    plural: "udproutes",
    singular: "udproute",
    shortNames: [],
    scope: "Namespaced",
    status: "route",
    channel: "standard",
  },
  ReferenceGrant: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(referenceGrant), v1beta1: served(referenceGrant), v1alpha2: removed(referenceGrant) },
    plural: "referencegrants",
    singular: "referencegrant",
    shortNames: ["refgrant"],
    scope: "Namespaced",
    channel: "standard",
  },
  BackendTLSPolicy: {
    group: gatewayApi,
    version: "v1",
    versions: { v1: served(backendTlsPolicy), v1alpha3: deprecated(backendTlsPolicy) },
    plural: "backendtlspolicies",
    singular: "backendtlspolicy",
    shortNames: ["btlspolicy"],
    scope: "Namespaced",
    status: "policy",
    channel: "standard",
  },
  XBackendTrafficPolicy: {
    group: gatewayApiExperimental,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(xBackendTrafficPolicySpec)) },
    plural: "xbackendtrafficpolicies",
    singular: "xbackendtrafficpolicy",
    shortNames: ["xbtrafficpolicy"],
    scope: "Namespaced",
    status: "policy",
    channel: "experimental",
  },
  XBackend: {
    group: gatewayApiExperimental,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(xBackendSpec)) },
    plural: "xbackends",
    singular: "xbackend",
    shortNames: [],
    scope: "Namespaced",
    status: "policy",
    channel: "experimental",
  },
  XTelemetryPolicy: {
    group: gatewayApiExperimental,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(xTelemetryPolicySpec)) },
    plural: "xtelemetrypolicies",
    singular: "xtelemetrypolicy",
    shortNames: [],
    scope: "Namespaced",
    status: "policy",
    channel: "experimental",
  },
  GatewayConfig: {
    group: ours,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(gatewayConfigSpec)) },
    plural: "gatewayconfigs",
    singular: "gatewayconfig",
    shortNames: ["gwc"],
    scope: "Namespaced",
    channel: "own",
  },
  ClientTrafficPolicy: {
    group: ours,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(clientTrafficPolicySpec)) },
    plural: "clienttrafficpolicies",
    singular: "clienttrafficpolicy",
    shortNames: ["ctp"],
    scope: "Namespaced",
    status: "policy",
    channel: "own",
    twin: { group: envoyGateway, kind: "ClientTrafficPolicy", plural: "clienttrafficpolicies" },
  },
  BackendTrafficPolicy: {
    group: ours,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(backendTrafficPolicySpec)) },
    plural: "backendtrafficpolicies",
    singular: "backendtrafficpolicy",
    shortNames: ["btp"],
    scope: "Namespaced",
    status: "policy",
    channel: "own",
    twin: { group: envoyGateway, kind: "BackendTrafficPolicy", plural: "backendtrafficpolicies" },
  },
  SecurityPolicy: {
    group: ours,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(securityPolicySpec)) },
    plural: "securitypolicies",
    singular: "securitypolicy",
    shortNames: ["sp"],
    scope: "Namespaced",
    status: "policy",
    channel: "own",
    twin: { group: envoyGateway, kind: "SecurityPolicy", plural: "securitypolicies" },
  },
  ExtensionPolicy: {
    group: ours,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(extensionPolicySpec)) },
    plural: "extensionpolicies",
    singular: "extensionpolicy",
    shortNames: ["ep"],
    scope: "Namespaced",
    status: "policy",
    channel: "own",
    twin: { group: envoyGateway, kind: "EnvoyExtensionPolicy", plural: "envoyextensionpolicies" },
  },
  HTTPRouteFilter: {
    group: ours,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(httpRouteFilterSpec)) },
    plural: "httproutefilters",
    singular: "httproutefilter",
    shortNames: ["hrf"],
    scope: "Namespaced",
    channel: "own",
    twin: { group: envoyGateway, kind: "HTTPRouteFilter", plural: "httproutefilters" },
  },
  Backend: {
    group: ours,
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(backendSpec)) },
    plural: "backends",
    singular: "backend",
    shortNames: ["be"],
    scope: "Namespaced",
    status: "backend",
    channel: "own",
    twin: { group: envoyGateway, kind: "Backend", plural: "backends" },
  },
  Middleware: {
    group: "traefik.io",
    version: "v1alpha1",
    versions: { v1alpha1: served(withSpec(middlewareSpec)) },
    plural: "middlewares",
    singular: "middleware",
    shortNames: [],
    scope: "Namespaced",
    channel: "foreign",
  },
  Namespace: {
    group: "",
    version: "v1",
    versions: { v1: served(core.namespace) },
    plural: "namespaces",
    singular: "namespace",
    shortNames: ["ns"],
    scope: "Cluster",
    channel: "core",
  },
  Service: {
    group: "",
    version: "v1",
    versions: { v1: served(core.service) },
    plural: "services",
    singular: "service",
    shortNames: ["svc"],
    scope: "Namespaced",
    channel: "core",
  },
  EndpointSlice: {
    group: "discovery.k8s.io",
    version: "v1",
    versions: { v1: served(core.endpointSlice) },
    plural: "endpointslices",
    singular: "endpointslice",
    shortNames: [],
    scope: "Namespaced",
    channel: "core",
  },
  Secret: {
    group: "",
    version: "v1",
    versions: { v1: served(core.secret) },
    plural: "secrets",
    singular: "secret",
    shortNames: [],
    scope: "Namespaced",
    channel: "core",
  },
  ConfigMap: {
    group: "",
    version: "v1",
    versions: { v1: served(core.configMap) },
    plural: "configmaps",
    singular: "configmap",
    shortNames: ["cm"],
    scope: "Namespaced",
    channel: "core",
  },
  ClusterTrustBundle: {
    group: "certificates.k8s.io",
    version: "v1beta1",
    versions: {
      v1beta1: served(core.clusterTrustBundle),
      v1: served(core.clusterTrustBundle),
      v1alpha1: served(core.clusterTrustBundle),
    },
    plural: "clustertrustbundles",
    singular: "clustertrustbundle",
    shortNames: [],
    scope: "Cluster",
    channel: "core",
  },
  Ingress: {
    group: "networking.k8s.io",
    version: "v1",
    versions: { v1: served(ingress), v1beta1: removed(ingress) },
    plural: "ingresses",
    singular: "ingress",
    shortNames: ["ing"],
    scope: "Namespaced",
    status: "ingress",
    channel: "core",
  },
  IngressClass: {
    group: "networking.k8s.io",
    version: "v1",
    versions: { v1: served(ingressClass), v1beta1: removed(ingressClass) },
    plural: "ingressclasses",
    singular: "ingressclass",
    shortNames: [],
    scope: "Cluster",
    channel: "core",
  },
  CustomResourceDefinition: {
    group: "apiextensions.k8s.io",
    version: "v1",
    versions: { v1: served(core.customResourceDefinition) },
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    shortNames: ["crd"],
    scope: "Cluster",
    channel: "core",
  },
} as const satisfies Record<string, KindRow>;

export type Kind = keyof typeof kinds;

/** Kinds by name, for loops. */
export const kindNames = Object.keys(kinds) as readonly Kind[];

/** What a user writes about an object beside its own fields. `namespace` is `"default"` when none is written. */
export type Metadata = Omit<MetadataFields, "namespace"> & { readonly namespace: string };
export type ClusterMetadata = Omit<MetadataFields, "namespace"> & { readonly namespace?: undefined };

type Common<K extends Kind> = {
  readonly kind: K;
  /** Current version, whatever version the user wrote, in the kind's own group or its twin's. */
  readonly apiVersion: string;
  readonly metadata: (typeof kinds)[K]["scope"] extends "Cluster" ? ClusterMetadata : Metadata;
  /** As read, unchecked: only status writers look at it. */
  readonly status?: unknown;
  /** Absent on objects from the API server. */
  readonly origin?: Origin;
};

type WithSpec<Spec> = { readonly spec: Spec };

/** The fields of every kind, defaults applied, old versions converted. */
type Fields = {
  GatewayClass: WithSpec<GatewayClassSpec>;
  Gateway: WithSpec<GatewaySpec>;
  ListenerSet: WithSpec<ListenerSetSpec>;
  HTTPRoute: WithSpec<HttpRouteSpec>;
  GRPCRoute: WithSpec<GrpcRouteSpec>;
  TLSRoute: WithSpec<TlsRouteSpec>;
  TCPRoute: WithSpec<TcpRouteSpec>;
  UDPRoute: WithSpec<UdpRouteSpec>;
  ReferenceGrant: WithSpec<ReferenceGrantSpec>;
  BackendTLSPolicy: WithSpec<BackendTlsPolicySpec>;
  XBackendTrafficPolicy: WithSpec<XBackendTrafficPolicySpec>;
  XBackend: WithSpec<XBackendSpec>;
  XTelemetryPolicy: WithSpec<XTelemetryPolicySpec>;
  GatewayConfig: WithSpec<GatewayConfigSpec>;
  ClientTrafficPolicy: WithSpec<ClientTrafficPolicySpec>;
  BackendTrafficPolicy: WithSpec<BackendTrafficPolicySpec>;
  SecurityPolicy: WithSpec<SecurityPolicySpec>;
  ExtensionPolicy: WithSpec<ExtensionPolicySpec>;
  HTTPRouteFilter: WithSpec<HttpRouteFilterSpec>;
  Backend: WithSpec<BackendSpec>;
  Middleware: WithSpec<MiddlewareSpec>;
  Namespace: core.NamespaceFields;
  Service: core.ServiceFields;
  EndpointSlice: core.EndpointSliceFields;
  Secret: core.SecretFields;
  ConfigMap: core.ConfigMapFields;
  ClusterTrustBundle: core.ClusterTrustBundleFields;
  Ingress: WithSpec<IngressSpec>;
  IngressClass: WithSpec<IngressClassSpec>;
  CustomResourceDefinition: core.CustomResourceDefinitionFields;
};

export type KindMap = { readonly [K in Kind]: Common<K> & Fields[K] };

/** A valid object of a kind: defaults applied, old versions converted, unknown fields left out. */
export type Resource<K extends Kind = Kind> = KindMap[K];

const twins: ReadonlyMap<string, Kind> = new Map(
  kindNames.flatMap((kind) => {
    const twin = twinOf(kind);
    return twin === undefined ? [] : [[`${twin.group}/${twin.kind}`, kind] as const];
  }),
);

/** The kind that is read as this one, or `undefined` where there is none. */
export function twinOf(kind: Kind): Twin | undefined {
  const row: KindRow = kinds[kind];
  return row.twin;
}

/** The kind that an API group and a kind's name mean, as twins too, or `undefined` when Sluice does not know it. */
export function kindOf(group: string, kind: string): Kind | undefined {
  if (Object.hasOwn(kinds, kind) && kinds[kind as Kind].group === group) return kind as Kind;
  return twins.get(`${group}/${kind}`);
}

/** Group and kind's name of an object as its cluster or file has them: of its kind, or of the kind's twin. */
export function groupKindOf({ kind, apiVersion }: Pick<Resource, "kind" | "apiVersion">): {
  readonly group: string;
  readonly kind: string;
} {
  const twin = twinOf(kind);
  return twin !== undefined && apiVersion.startsWith(`${twin.group}/`) ? twin : { group: kinds[kind].group, kind };
}

/** The group of an object of the kind's twin; `undefined` for one of the kind itself. */
export function twinGroupOf({ kind, apiVersion }: Pick<Resource, "kind" | "apiVersion">): string | undefined {
  const twin = twinOf(kind);
  return twin !== undefined && apiVersion.startsWith(`${twin.group}/`) ? twin.group : undefined;
}
