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
  ClusterTrustBundle: { what: "authorities from ClusterTrustBundles (GEP-5075)", judge: "own" },
  Gateway: { what: "Gateways and their listeners" },
  GatewayAddressEmpty: { what: "an address without a value: any" },
  GatewayAddressRoutability: { what: "`routability` of addresses (GEP-5093)", needs: "routability", judge: "own" },
  GatewayAddressRoutabilityCluster: {
    what: "addresses that the cluster alone reaches (GEP-5093)",
    needs: "routability",
    judge: "own",
  },
  GatewayBackendClientCertificate: { what: "a client certificate for backends" },
  GatewayFrontendClientCertificateValidation: { what: "client certificates, by Gateway and by port" },
  GatewayFrontendClientCertificateValidationInsecureFallback: {
    what: "client certificates that are asked for and not required",
  },
  GatewayHTTPListenerIsolation: { what: "a request belongs to the listener with the most specific hostname alone" },
  GatewayHTTPSListenerDetectMisdirectedRequests: { what: "421 for requests on another host's connection" },
  GatewayInfrastructure: { what: "labels, annotations and parameters of what is provisioned", needs: "provisioned" },
  GatewayListenerFilters: { what: "filters of listeners (GEP-5224)", judge: "own" },
  GatewayPort8080: { what: "listeners on port 8080" },
  GatewayRouteHostnameIntersectionPrecedence: {
    what: "the more specific hostname of two routes goes first, also where a listener narrows both to the same",
  },
  GatewayStaticAddresses: { what: "addresses that a Gateway asks for" },
  GRPCRoute: { what: "GRPCRoutes" },
  GRPCRouteNamedRouteRule: { what: "names of rules" },
  GRPCRouteRequestHeaderModifier: { what: "request headers" },
  HTTPRoute: { what: "HTTPRoutes" },
  HTTPRoute303RedirectStatusCode: { what: "redirects with 303" },
  HTTPRoute307RedirectStatusCode: { what: "redirects with 307" },
  HTTPRoute308RedirectStatusCode: { what: "redirects with 308" },
  HTTPRouteBackendProtocolH2C: { what: "HTTP/2 without TLS to backends" },
  HTTPRouteBackendProtocolWebSocket: { what: "WebSocket to backends" },
  HTTPRouteBackendRequestHeaderModification: { what: "request headers of one backendRef" },
  HTTPRouteBackendTimeout: { what: "`timeouts.backendRequest`" },
  HTTPRouteBackendURLRewrite: { what: "rewrites of one backendRef" },
  HTTPRouteCORS: { what: "CORS" },
  HTTPRouteDestinationPortMatching: { what: "rules for one port of a listener" },
  HTTPRouteHostRewrite: { what: "rewrites of the host" },
  HTTPRouteMethodMatching: { what: "matches by method" },
  HTTPRouteNamedRouteRule: { what: "names of rules" },
  HTTPRouteParentRefPort: { what: "`parentRefs[].port`" },
  HTTPRoutePathRedirect: { what: "redirects of the path" },
  HTTPRoutePathRewrite: { what: "rewrites of the path" },
  HTTPRoutePortRedirect: { what: "redirects of the port" },
  HTTPRouteQueryParamMatching: { what: "matches by query parameter" },
  HTTPRouteRequestMirror: { what: "mirrors" },
  HTTPRouteRequestMultipleMirrors: { what: "several mirrors" },
  HTTPRouteRequestPercentageMirror: { what: "mirrors of a share of the requests" },
  HTTPRouteRequestTimeout: { what: "`timeouts.request`" },
  HTTPRouteResponseHeaderModification: { what: "response headers" },
  HTTPRouteRetry: { what: "retries, by the name of v1.6" },
  HTTPRouteRetryBackendTimeout: { what: "retries after a timeout, by the name of v1.6" },
  HTTPRouteRetryCodes: { what: "retries by status code" },
  HTTPRouteRetryConnectionError: { what: "retries after connection errors" },
  HTTPRouteSchemeRedirect: { what: "redirects of the scheme" },
  ListenerSet: { what: "ListenerSets" },
  ReferenceGrant: { what: "ReferenceGrants" },
  TCPRoute: { what: "TCPRoutes" },
  TLSRoute: { what: "TLSRoutes, passed through" },
  TLSRouteModeMixed: { what: "TLS passed through and ended on one port" },
  TLSRouteModeTerminate: { what: "TLSRoutes whose TLS the gateway ends" },
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

const places = {
  provisioned: "provisioned data planes",
  routability: "provisioned data planes, with the experimental channel of v1.7",
} as const satisfies Record<NonNullable<FeatureRow["needs"]>, string>;

/** `docs/reference/features.md`. */
export function renderFeatures(): string {
  const rows = Object.entries<FeatureRow>(features).map(
    ([name, { what, needs, judge }]) =>
      `| ${name} | ${what} | ${needs === undefined ? "everywhere" : places[needs]} | ${judge === "own" ? "our own tests" : "the official suite"} |`,
  );
  return `# Features

What Sluice claims in \`GatewayClass.status.supportedFeatures\`, by the names of Gateway API v1.7.0 (and two of v1.6). Written from the table in \`src/cli/features.ts\`; do not edit.

The official conformance suite tests what it has a test for ([reports](../conformance)), \`npm run check:cluster\` the rest, in the same rig.

| feature | what | where | judged by |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
