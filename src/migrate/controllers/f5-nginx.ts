/** F5's NGINX Ingress Controller (nginx.org, with NGINX Plus nginx.com), which is another one than ingress-nginx. */
import { manual, nothing, policy, standard } from "./becoming.ts";
import type { IngressController } from "./ingress-controller.ts";

const snippet = manual("it is configuration of nginx: read what it does, and write it as filters and policies");
const limit = policy("BackendTrafficPolicy rateLimit.local.rules[]");
const check = policy("BackendTrafficPolicy healthCheck.active");
const streamTimeout = policy("BackendTrafficPolicy timeout.http.streamIdleTimeout");
const buffers = nothing("answers are passed on as they come; there are no buffers to size");
const httpsRedirect = standard("HTTPRoute rules[].filters[].requestRedirect.scheme on the http listener");
const hsts = standard("HTTPRoute rules[].filters[].responseHeaderModifier.set Strict-Transport-Security");
const jwt = policy("SecurityPolicy jwt");
const firewall = manual("App Protect is a product of F5: keep it in front of the Gateway");

export const f5Nginx: IngressController = {
  title: "F5 NGINX Ingress Controller",
  controllers: ["nginx.org/ingress-controller"],
  classNames: ["nginx-org", "nginx-plus"],
  prefixes: ["nginx.org/", "nginx.com/", "appprotect.f5.com/", "appprotectdos.f5.com/"],
  annotations: [
    { name: "app-protect-*", becomes: firewall },
    { name: "basic-auth-realm", becomes: policy("SecurityPolicy basicAuth.realm") },
    { name: "basic-auth-secret", becomes: policy("SecurityPolicy basicAuth.users") },
    { name: "client-max-body-size", becomes: policy("BackendTrafficPolicy requestBodyLimit") },
    { name: "fail-timeout", becomes: policy("BackendTrafficPolicy healthCheck.passive") },
    { name: "grpc-services", becomes: standard("GRPCRoute, Service ports[].appProtocol kubernetes.io/h2c") },
    { name: "health-checks*", becomes: check },
    { name: "hsts*", becomes: hsts },
    { name: "http-redirect-code", becomes: httpsRedirect },
    { name: "jwt-*", becomes: jwt },
    { name: "keepalive", becomes: nothing("connections to backends are kept") },
    { name: "lb-method", becomes: policy("BackendTrafficPolicy loadBalancer.type") },
    { name: "limit-req-*", becomes: limit },
    { name: "listen-ports*", becomes: standard("Gateway listeners[]") },
    { name: "location-snippets", becomes: snippet },
    { name: "max-conns", becomes: policy("BackendTrafficPolicy circuitBreaker.maxConnections") },
    { name: "max-fails", becomes: policy("BackendTrafficPolicy healthCheck.passive") },
    { name: "mergeable-ingress-type", becomes: nothing("routes of many namespaces share a listener") },
    { name: "path-regex", becomes: standard("HTTPRoute rules[].matches[].path, RegularExpression") },
    {
      name: "policies",
      becomes: manual("each Policy has a policy of Sluice: rate limits, access control, JWT, OIDC, basic auth, TLS"),
    },
    { name: "proxy-buffer*", becomes: buffers },
    { name: "proxy-busy-buffers-size", becomes: buffers },
    { name: "proxy-connect-timeout", becomes: policy("BackendTrafficPolicy timeout.tcp.connectTimeout") },
    { name: "proxy-hide-headers", becomes: standard("HTTPRoute rules[].filters[].responseHeaderModifier.remove") },
    { name: "proxy-max-temp-file-size", becomes: buffers },
    { name: "proxy-next-upstream*", becomes: standard("HTTPRoute rules[].retry") },
    { name: "proxy-pass-headers", becomes: nothing("headers of answers are passed on") },
    { name: "proxy-read-timeout", becomes: streamTimeout },
    { name: "proxy-send-timeout", becomes: streamTimeout },
    { name: "proxy-set-headers", becomes: standard("HTTPRoute rules[].filters[].requestHeaderModifier") },
    { name: "redirect-to-https", becomes: httpsRedirect },
    { name: "rewrite-target", becomes: policy("HTTPRouteFilter urlRewrite.path.replaceRegexMatch") },
    { name: "rewrites", becomes: standard("HTTPRoute rules[].filters[].urlRewrite.path, ReplacePrefixMatch") },
    { name: "server-snippets", becomes: snippet },
    { name: "server-tokens", becomes: nothing("there is no Server header") },
    { name: "slow-start", becomes: policy("BackendTrafficPolicy loadBalancer.slowStart") },
    { name: "ssl-ciphers", becomes: policy("ClientTrafficPolicy tls.ciphers") },
    { name: "ssl-prefer-server-ciphers", becomes: nothing("TLS 1.3 leaves the choice to the client") },
    { name: "ssl-redirect", becomes: httpsRedirect },
    { name: "ssl-services", becomes: standard("BackendTLSPolicy") },
    { name: "sticky-cookie-services", becomes: standard("HTTPRoute rules[].sessionPersistence") },
    { name: "upstream-zone-size", becomes: nothing("it sizes memory of nginx") },
    { name: "use-cluster-ip", becomes: nothing("requests go to pods directly") },
    { name: "websocket-services", becomes: nothing("WebSocket needs no setting") },
  ],
};
