import type { CompileOptions } from "../compile/compile-options.ts";
import type { PlaneReport } from "../ir/plane.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import { planPorts } from "../proxy/plan-ports.ts";

/**
 * What the embedded plane can do, as the compiler needs to know it. All protocols are compiled; listeners of those that the
 * plane does not bind are reported by the plane. Names of features: Gateway API, `pkg/features`.
 */
export const planeCapabilities = {
  supportedProtocols: ["HTTP", "HTTPS", "TLS", "TCP", "UDP"],
  supportedFeatures: [
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
    "ClusterTrustBundle",
    "Gateway",
    "GatewayBackendClientCertificate",
    "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback",
    "GatewayHTTPListenerIsolation",
    "GatewayHTTPSListenerDetectMisdirectedRequests",
    "GatewayListenerFilters",
    "GatewayPort8080",
    "GatewayRouteHostnameIntersectionPrecedence",
    "GRPCRoute",
    "GRPCRouteNamedRouteRule",
    "GRPCRouteRequestHeaderModifier",
    "HTTPRoute",
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolWebSocket",
    "HTTPRouteBackendRequestHeaderModification",
    "HTTPRouteBackendTimeout",
    "HTTPRouteBackendURLRewrite",
    "HTTPRouteCORS",
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteHostRewrite",
    "HTTPRouteMethodMatching",
    "HTTPRouteNamedRouteRule",
    "HTTPRouteParentRefPort",
    "HTTPRoutePathRedirect",
    "HTTPRoutePathRewrite",
    "HTTPRoutePortRedirect",
    "HTTPRouteQueryParamMatching",
    "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors",
    "HTTPRouteRequestPercentageMirror",
    "HTTPRouteRequestTimeout",
    "HTTPRouteResponseHeaderModification",
    "HTTPRouteRetryCodes",
    "HTTPRouteRetryConnectionError",
    "HTTPRouteSchemeRedirect",
    "ListenerSet",
    "ReferenceGrant",
    "TCPRoute",
    "TLSRoute",
    "TLSRouteModeMixed",
    "TLSRouteModeTerminate",
    "UDPRoute",
  ],
} as const satisfies Pick<CompileOptions, "supportedProtocols" | "supportedFeatures">;

/** The report that the embedded plane would give if every port were free: for commands that bind nothing. */
export function predictReport(routing: RoutingModel): PlaneReport {
  const { rejected } = planPorts(routing, () => "");
  const listeners = routing.gateways.flatMap((gateway) => gateway.listeners);
  return {
    generation: 0,
    addresses: {},
    listeners: Object.fromEntries(
      listeners.map(({ key, port }) => [key, rejected[key] ?? { state: "programmed", address: "", port }]),
    ),
  };
}
