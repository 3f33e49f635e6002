/** A feature of the Gateway API by the name of `pkg/features`: what it is, where Sluice has it, and who judges that. */
export type FeatureRow = {
  readonly what: string;
  /**
   * `provisioned`: where Gateways get pods and Services of their own. `routability`: there, with an API that has the field.
   * Default: everywhere.
   */
  readonly needs?: "provisioned" | "routability";
  /** The official suite has no test: `test/cluster` has. */
  readonly judge?: "own";
};

/** THE table of features: `GatewayClass.status.supportedFeatures` and `docs/reference/features.md` are made from it. */
export const features = {
  BackendTLSPolicy: { what: "TLS to backends by BackendTLSPolicy" },
  BackendTLSPolicySANValidation: { what: "subject alternative names of backends' certificates" },
  ClusterTrustBundle: { what: "CA certificates from ClusterTrustBundles (GEP-5075)", judge: "own" },
  Gateway: { what: "Gateways and their listeners" },
  GatewayAddressEmpty: { what: "addresses without a value: any address" },
  GatewayAddressRoutability: { what: "`routability` of addresses (GEP-5093)", needs: "routability", judge: "own" },
  GatewayAddressRoutabilityCluster: {
    what: "addresses that only the cluster can reach (GEP-5093)",
    needs: "routability",
    judge: "own",
  },
  GatewayBackendClientCertificate: { what: "client certificates for backends" },
  GatewayFrontendClientCertificateValidation: { what: "client certificates, per Gateway and per port" },
  GatewayFrontendClientCertificateValidationInsecureFallback: {
    what: "client certificates that are requested but not required",
  },
  GatewayHTTPListenerIsolation: { what: "a request belongs only to the listener with the most specific hostname" },
  GatewayHTTPSListenerDetectMisdirectedRequests: { what: "421 for requests on another host's connection" },
  GatewayInfrastructure: { what: "labels, annotations and parameters of provisioned resources", needs: "provisioned" },
  GatewayListenerFilters: { what: "filters of listeners (GEP-5224)", judge: "own" },
  GatewayPort8080: { what: "listeners on port 8080" },
  GatewayRouteHostnameIntersectionPrecedence: {
    what: "the route with the more specific hostname wins, even if a listener narrows both to the same hostname",
  },
  GatewayStaticAddresses: { what: "addresses that a Gateway requests" },
  GRPCRoute: { what: "GRPCRoutes" },
  GRPCRouteNamedRouteRule: { what: "rule names" },
  GRPCRouteRequestHeaderModifier: { what: "request headers" },
  HTTPRoute: { what: "HTTPRoutes" },
  HTTPRoute303RedirectStatusCode: { what: "redirects with 303" },
  HTTPRoute307RedirectStatusCode: { what: "redirects with 307" },
  HTTPRoute308RedirectStatusCode: { what: "redirects with 308" },
  HTTPRouteBackendProtocolH2C: { what: "HTTP/2 without TLS to backends" },
  HTTPRouteBackendProtocolWebSocket: { what: "WebSocket to backends" },
  HTTPRouteBackendRequestHeaderModification: { what: "request header changes of a backendRef" },
  HTTPRouteBackendTimeout: { what: "`timeouts.backendRequest`" },
  HTTPRouteBackendURLRewrite: { what: "rewrites of a backendRef" },
  HTTPRouteCORS: { what: "CORS" },
  HTTPRouteDestinationPortMatching: { what: "routes for one port of a Gateway" },
  HTTPRouteHostRewrite: { what: "host rewrites" },
  HTTPRouteMethodMatching: { what: "method matches" },
  HTTPRouteNamedRouteRule: { what: "rule names" },
  HTTPRouteParentRefPort: { what: "`parentRefs[].port`" },
  HTTPRoutePathRedirect: { what: "path redirects" },
  HTTPRoutePathRewrite: { what: "path rewrites" },
  HTTPRoutePortRedirect: { what: "port redirects" },
  HTTPRouteQueryParamMatching: { what: "query parameter matches" },
  HTTPRouteRequestMirror: { what: "mirrors" },
  HTTPRouteRequestMultipleMirrors: { what: "several mirrors" },
  HTTPRouteRequestPercentageMirror: { what: "mirrors of a percentage of requests" },
  HTTPRouteRequestTimeout: { what: "`timeouts.request`" },
  HTTPRouteResponseHeaderModification: { what: "response headers" },
  HTTPRouteRetry: { what: "retries (v1.6 name)" },
  HTTPRouteRetryBackendTimeout: { what: "retries after a timeout (v1.6 name)" },
  HTTPRouteRetryCodes: { what: "retries by status code" },
  HTTPRouteRetryConnectionError: { what: "retries after connection errors" },
  HTTPRouteSchemeRedirect: { what: "scheme redirects" },
  ListenerSet: { what: "ListenerSets" },
  ReferenceGrant: { what: "ReferenceGrants" },
  TCPRoute: { what: "TCPRoutes" },
  TLSRoute: { what: "TLSRoutes, passed through" },
  TLSRouteModeMixed: { what: "TLS passthrough and termination on one port" },
  TLSRouteModeTerminate: { what: "TLSRoutes with TLS termination" },
  UDPRoute: { what: "UDPRoutes" },
} as const satisfies Readonly<Record<string, FeatureRow>>;

export type FeatureName = keyof typeof features;

/** The names of the features that need nothing but what `has` says, in the order of the table. */
export function featuresWith(has: readonly NonNullable<FeatureRow["needs"]>[]): readonly FeatureName[] {
  return (Object.keys(features) as FeatureName[]).filter((name) => {
    const { needs }: FeatureRow = features[name];
    return needs === undefined || has.includes(needs);
  });
}
