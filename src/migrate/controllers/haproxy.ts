/** The two controllers for HAProxy: of HAProxy Technologies (haproxy.org), and haproxy-ingress (haproxy-ingress.github.io). */
import { manual, nothing, policy, standard } from "./becoming.ts";
import type { ControllerAnnotation, IngressController } from "./ingress-controller.ts";

const rawConfig = manual("it is configuration of HAProxy: read what it does, and write it as filters and policies");
const cors = standard("HTTPRoute rules[].filters[].cors");
const lists = policy("SecurityPolicy authorization.rules[].principal.clientCIDRs");
const limit = policy("BackendTrafficPolicy rateLimit.local.rules[]");
const redirect = standard("HTTPRoute rules[].filters[].requestRedirect");
const httpsRedirect = standard("HTTPRoute rules[].filters[].requestRedirect.scheme on the http listener");
const sticky = standard("HTTPRoute rules[].sessionPersistence");
const check = policy("BackendTrafficPolicy healthCheck.active");
const tuning = nothing("it tunes HAProxy itself");
const basicAuth = policy("SecurityPolicy basicAuth");
const extAuth = policy("SecurityPolicy extAuth");
const clientCertificates = policy("ClientTrafficPolicy tls.clientValidation");
const requestHeaders = standard("HTTPRoute rules[].filters[].requestHeaderModifier");
const responseHeaders = standard("HTTPRoute rules[].filters[].responseHeaderModifier");
const connectTimeout = policy("BackendTrafficPolicy timeout.tcp.connectTimeout");
const streamTimeout = policy("BackendTrafficPolicy timeout.http.streamIdleTimeout");
const clientTimeout = policy("ClientTrafficPolicy timeout.http");
const passthrough = standard("TLSRoute and a listener in mode Passthrough");
const balancing = policy("BackendTrafficPolicy loadBalancer.type");
const backendTls = standard("BackendTLSPolicy");
const protocol = standard("Service ports[].appProtocol");
const rewrite = policy("HTTPRouteFilter urlRewrite.path.replaceRegexMatch, or HTTPRoute rules[].filters[].urlRewrite");
const connections = policy("BackendTrafficPolicy circuitBreaker.maxConnections");
const hsts = standard("HTTPRoute rules[].filters[].responseHeaderModifier.set Strict-Transport-Security");
const forwarded = policy("ClientTrafficPolicy clientIPDetection");
const weights = standard("HTTPRoute rules[].backendRefs[].weight");
const waf = manual(
  "there is no web application firewall; put one in front, or ask one through ExtensionPolicy extProc",
);

export const haproxy: IngressController = {
  title: "HAProxy Kubernetes Ingress Controller",
  controllers: ["haproxy.org/ingress-controller"],
  classNames: ["haproxy"],
  prefixes: ["haproxy.org/", "haproxy.com/", "ingress.kubernetes.io/"],
  annotations: [
    { name: "allow-list", becomes: lists },
    { name: "auth-realm", becomes: policy("SecurityPolicy basicAuth.realm") },
    { name: "auth-secret", becomes: basicAuth },
    { name: "auth-type", becomes: basicAuth },
    { name: "backend-config-snippet", becomes: rawConfig },
    { name: "blacklist", becomes: lists },
    { name: "check", becomes: check },
    { name: "check-*", becomes: check },
    { name: "client-ca", becomes: clientCertificates },
    { name: "client-strict-sni", becomes: nothing("hosts without a listener have no certificate") },
    { name: "cookie-persistence", becomes: sticky },
    { name: "cookie-persistence-no-dynamic", becomes: sticky },
    { name: "cors-*", becomes: cors },
    { name: "deny-list", becomes: lists },
    { name: "forwarded-for", becomes: nothing("X-Forwarded-For is sent") },
    { name: "frontend-config-snippet", becomes: rawConfig },
    { name: "global-config-snippet", becomes: rawConfig },
    { name: "ingress.class", becomes: standard("Gateway gatewayClassName") },
    { name: "load-balance", becomes: balancing },
    { name: "path-rewrite", becomes: rewrite },
    { name: "pod-maxconn", becomes: connections },
    { name: "rate-limit-*", becomes: limit },
    { name: "request-capture*", becomes: nothing("it writes to HAProxy's own log") },
    { name: "request-redirect", becomes: redirect },
    { name: "request-redirect-code", becomes: redirect },
    { name: "request-set-header", becomes: requestHeaders },
    { name: "response-set-header", becomes: responseHeaders },
    { name: "route-acl", becomes: manual("it is a condition in HAProxy's language: write it as HTTPRoute matches") },
    { name: "scale-server-slots", becomes: tuning },
    { name: "send-proxy-protocol", becomes: policy("BackendTrafficPolicy proxyProtocol") },
    { name: "server-ca", becomes: backendTls },
    { name: "server-crt", becomes: policy("Backend tls.clientCertificateRef") },
    { name: "server-proto", becomes: protocol },
    { name: "server-sni", becomes: backendTls },
    { name: "server-ssl", becomes: backendTls },
    { name: "set-host", becomes: standard("HTTPRoute rules[].filters[].urlRewrite.hostname") },
    { name: "src-ip-header", becomes: forwarded },
    { name: "ssl-certificate", becomes: standard("Gateway listeners[].tls.certificateRefs") },
    { name: "ssl-passthrough", becomes: passthrough },
    { name: "ssl-redirect", becomes: httpsRedirect },
    { name: "ssl-redirect-code", becomes: httpsRedirect },
    { name: "ssl-redirect-port", becomes: httpsRedirect },
    { name: "standalone-backend", becomes: nothing("every rule has its own settings") },
    { name: "timeout-check", becomes: check },
    { name: "timeout-client*", becomes: clientTimeout },
    { name: "timeout-connect", becomes: connectTimeout },
    { name: "timeout-http-*", becomes: clientTimeout },
    { name: "timeout-queue", becomes: connections },
    { name: "timeout-server*", becomes: streamTimeout },
    { name: "timeout-tunnel", becomes: streamTimeout },
    { name: "use-regex-path-match", becomes: standard("HTTPRoute rules[].matches[].path, RegularExpression") },
    { name: "whitelist", becomes: lists },
  ],
};

const community: readonly ControllerAnnotation[] = [
  { name: "affinity", becomes: sticky },
  { name: "allowlist-source-range", becomes: lists },
  { name: "app-root", becomes: redirect },
  { name: "auth-external-placement", becomes: extAuth },
  { name: "auth-headers-*", becomes: extAuth },
  { name: "auth-method", becomes: extAuth },
  { name: "auth-realm", becomes: policy("SecurityPolicy basicAuth.realm") },
  { name: "auth-secret", becomes: basicAuth },
  { name: "auth-signin", becomes: policy("SecurityPolicy extAuth.http.signInURL") },
  { name: "auth-tls-*", becomes: clientCertificates },
  { name: "auth-url", becomes: extAuth },
  { name: "backend-protocol", becomes: protocol },
  { name: "balance-algorithm", becomes: balancing },
  { name: "blue-green-*", becomes: weights },
  { name: "config-*", becomes: rawConfig },
  { name: "cors-*", becomes: cors },
  { name: "denylist-source-range", becomes: lists },
  { name: "fronting-proxy-port", becomes: forwarded },
  { name: "headers", becomes: requestHeaders },
  { name: "health-check-*", becomes: check },
  { name: "hsts*", becomes: hsts },
  { name: "limit-*", becomes: limit },
  { name: "maxconn-server", becomes: connections },
  { name: "maxqueue-server", becomes: connections },
  { name: "oauth*", becomes: extAuth },
  { name: "path-type*", becomes: standard("HTTPRoute rules[].matches[].path.type") },
  { name: "proxy-body-size", becomes: policy("BackendTrafficPolicy requestBodyLimit") },
  { name: "redirect-*", becomes: redirect },
  { name: "rewrite-target", becomes: rewrite },
  { name: "secure-*", becomes: backendTls },
  { name: "server-alias*", becomes: standard("HTTPRoute hostnames[]") },
  { name: "service-upstream", becomes: nothing("requests go to pods directly") },
  { name: "session-cookie-*", becomes: sticky },
  { name: "slots-*", becomes: tuning },
  { name: "ssl-passthrough*", becomes: passthrough },
  { name: "ssl-redirect*", becomes: httpsRedirect },
  { name: "timeout-connect", becomes: connectTimeout },
  { name: "timeout-*", becomes: streamTimeout },
  { name: "waf*", becomes: waf },
  { name: "whitelist-source-range", becomes: lists },
];

export const haproxyIngress: IngressController = {
  title: "haproxy-ingress",
  controllers: ["haproxy-ingress.github.io/controller"],
  classNames: ["haproxy-ingress"],
  prefixes: ["haproxy-ingress.github.io/", "ingress.kubernetes.io/"],
  annotations: community,
};
