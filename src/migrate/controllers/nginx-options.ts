/** The options of the ingress-nginx controller that are not of one Ingress: keys of its ConfigMap, and flags. */
import { type Becoming, infrastructure, manual, nothing, policy, standard } from "./becoming.ts";
import { becomingOf } from "./controllers.ts";

const tuning = nothing("it tunes nginx itself");
const waf = manual(
  "there is no web application firewall; put one in front, or ask one through ExtensionPolicy extProc",
);
const snippet = manual("it is configuration of nginx: read what it does, and write it as filters and policies");
const log = manual("the access log is set for a whole gateway (--access-log)");
const tracing = manual("traces are set for a whole gateway (TelemetryPolicy)");
const globalAuth = policy("SecurityPolicy extAuth of the Gateway");
const hsts = standard("HTTPRoute rules[].filters[].responseHeaderModifier.set Strict-Transport-Security");
const compression = policy("BackendTrafficPolicy compressor");
const clientIp = policy("ClientTrafficPolicy clientIPDetection");
const clientTimeout = policy("ClientTrafficPolicy timeout.http");
const clientTls = policy("ClientTrafficPolicy tls");
const limits = policy("ClientTrafficPolicy headers.maxRequestHeaderLimit");
const flood = policy("BackendTrafficPolicy rateLimit");

/** Keys of the ConfigMap that no annotation has; those that one has mean the same for every Ingress. */
const keys: Readonly<Record<string, Becoming>> = {
  "access-log-params": log,
  "access-log-path": log,
  "add-headers": standard("HTTPRoute rules[].filters[].responseHeaderModifier"),
  "allow-backend-server-header": policy("ClientTrafficPolicy headers"),
  "allow-cross-namespace-resources": standard("ReferenceGrant"),
  "allow-snippet-annotations": nothing("it says whether snippets count; each snippet is named for itself"),
  "annotation-value-word-blocklist": nothing("annotations are not text for nginx"),
  "annotations-risk-level": nothing("it says which annotations count; each is named for itself"),
  "bind-address": infrastructure("addresses of the Gateway"),
  "block-cidrs": policy("SecurityPolicy authorization.rules[].principal.clientCIDRs of the Gateway"),
  "block-referers": policy("SecurityPolicy authorization.rules[].principal.headers of the Gateway"),
  "block-user-agents": policy("SecurityPolicy authorization.rules[].principal.headers of the Gateway"),
  "brotli-level": compression,
  "brotli-min-length": compression,
  "brotli-types": compression,
  "client-body-timeout": clientTimeout,
  "client-header-buffer-size": limits,
  "client-header-timeout": policy("ClientTrafficPolicy timeout.http.requestHeadersReceivedTimeout"),
  "compute-full-forwarded-for": clientIp,
  "debug-connections": tuning,
  "default-type": tuning,
  "disable-access-log": log,
  "disable-ipv6": infrastructure("ipFamilies of the Service (GatewayConfig)"),
  "disable-ipv6-dns": tuning,
  "enable-access-log-for-default-backend": log,
  "enable-aio-write": tuning,
  "enable-brotli": compression,
  "enable-real-ip": clientIp,
  "enable-underscores-in-headers": policy("ClientTrafficPolicy headers.withUnderscoresAction"),
  "error-log-level": log,
  "error-log-path": log,
  "forwarded-for-header": policy("ClientTrafficPolicy clientIPDetection.customHeader"),
  "forwarded-for-proxy-protocol-header": clientIp,
  "generate-request-id": policy("ClientTrafficPolicy headers.requestID"),
  "global-allowed-response-headers": nothing("a route may set any header"),
  "global-auth-always-set-cookie": globalAuth,
  "global-auth-cache-duration": globalAuth,
  "global-auth-cache-key": globalAuth,
  "global-auth-method": globalAuth,
  "global-auth-request-redirect": globalAuth,
  "global-auth-response-headers": globalAuth,
  "global-auth-signin": globalAuth,
  "global-auth-signin-redirect-param": globalAuth,
  "global-auth-snippet": snippet,
  "global-auth-url": globalAuth,
  "grpc-buffer-size-kb": tuning,
  "gzip-disable": compression,
  "gzip-level": compression,
  "gzip-min-length": compression,
  "gzip-types": compression,
  "hide-headers": standard("HTTPRoute rules[].filters[].responseHeaderModifier.remove"),
  hsts: hsts,
  "hsts-include-subdomains": hsts,
  "hsts-max-age": hsts,
  "hsts-preload": hsts,
  "http-access-log-path": log,
  "http-redirect-code": standard("HTTPRoute rules[].filters[].requestRedirect.statusCode"),
  "http-snippet": snippet,
  "http2-max-concurrent-streams": policy("ClientTrafficPolicy http2.maxConcurrentStreams"),
  "http2-max-field-size": limits,
  "http2-max-header-size": limits,
  "http2-max-requests": clientTimeout,
  "ignore-invalid-headers": nothing("names that are no tokens are refused"),
  "keep-alive": policy("ClientTrafficPolicy timeout.http.idleTimeout"),
  "keep-alive-requests": policy("ClientTrafficPolicy connection.connectionLimit.maxRequestsPerConnection"),
  "large-client-header-buffers": limits,
  "limit-conn-status-code": flood,
  "limit-conn-zone-variable": flood,
  "limit-req-status-code": policy("BackendTrafficPolicy rateLimit.statusCode"),
  "load-balance": policy("BackendTrafficPolicy loadBalancer.type"),
  "location-snippet": snippet,
  "log-format-escape-json": log,
  "log-format-escape-none": log,
  "log-format-stream": log,
  "log-format-upstream": log,
  "lua-shared-dicts": tuning,
  "main-snippet": snippet,
  "map-hash-bucket-size": tuning,
  "max-worker-connections": tuning,
  "max-worker-open-files": tuning,
  "no-auth-locations": policy("SecurityPolicy of a route for these paths"),
  "no-tls-redirect-locations": standard("HTTPRoute rules[] for these paths on the http listener"),
  "otel-max-export-batch-size": tracing,
  "otel-max-queuesize": tracing,
  "otel-sampler": tracing,
  "otel-sampler-parent-based": tracing,
  "otel-sampler-ratio": tracing,
  "otel-schedule-delay-millis": tracing,
  "otel-service-name": tracing,
  "otlp-collector-host": tracing,
  "otlp-collector-port": tracing,
  plugins: manual("plugins are Lua for nginx"),
  "proxy-add-original-uri-header": standard("HTTPRoute rules[].filters[].requestHeaderModifier"),
  "proxy-headers-hash-bucket-size": tuning,
  "proxy-headers-hash-max-size": tuning,
  "proxy-protocol-header-timeout": tuning,
  "proxy-real-ip-cidr": policy("ClientTrafficPolicy clientIPDetection.xForwardedFor.trustedCIDRs"),
  "proxy-set-headers": standard("HTTPRoute rules[].filters[].requestHeaderModifier"),
  "proxy-stream-next-upstream": tuning,
  "proxy-stream-next-upstream-timeout": tuning,
  "proxy-stream-next-upstream-tries": tuning,
  "proxy-stream-responses": tuning,
  "proxy-stream-timeout": policy("BackendTrafficPolicy timeout.tcp"),
  "relative-redirects": manual("redirects of a gateway name scheme and host"),
  "retry-non-idempotent": policy("BackendTrafficPolicy retry.retryOn"),
  "reuse-port": tuning,
  "server-name-hash-bucket-size": tuning,
  "server-name-hash-max-size": tuning,
  "server-snippet": snippet,
  "server-tokens": nothing("there is no Server header"),
  "skip-access-log-urls": log,
  "ssl-buffer-size": tuning,
  "ssl-dh-param": nothing("keys are exchanged over elliptic curves"),
  "ssl-early-data": nothing("early data is not taken, which is the default"),
  "ssl-ecdh-curve": policy("ClientTrafficPolicy tls.ecdhCurves"),
  "ssl-protocols": policy("ClientTrafficPolicy tls.minVersion, tls.maxVersion"),
  "ssl-reject-handshake": nothing("hosts without a listener have no certificate"),
  "ssl-session-cache": policy("ClientTrafficPolicy tls.session"),
  "ssl-session-cache-size": tuning,
  "ssl-session-ticket-key": policy("ClientTrafficPolicy tls.session"),
  "ssl-session-tickets": policy("ClientTrafficPolicy tls.session"),
  "ssl-session-timeout": policy("ClientTrafficPolicy tls.session"),
  "stream-access-log-path": log,
  "stream-snippet": snippet,
  "strict-validate-path-type": nothing("paths are validated by the Gateway API"),
  "syslog-host": log,
  "syslog-port": log,
  "upstream-keepalive-connections": tuning,
  "upstream-keepalive-requests": tuning,
  "upstream-keepalive-time": tuning,
  "upstream-keepalive-timeout": policy("BackendTrafficPolicy timeout.http.connectionIdleTimeout"),
  "use-forwarded-headers": clientIp,
  "use-geoip": manual("there is no database of countries"),
  "use-geoip2": manual("there is no database of countries"),
  "use-gzip": compression,
  "use-http2": policy("ClientTrafficPolicy tls.alpnProtocols"),
  "use-proxy-protocol": policy("ClientTrafficPolicy proxyProtocol"),
  "variables-hash-bucket-size": tuning,
  "variables-hash-max-size": tuning,
  "worker-cpu-affinity": tuning,
  "worker-processes": tuning,
  "worker-serial-reloads": tuning,
  "worker-shutdown-timeout": infrastructure("seconds that proxies drain (--drain-seconds)"),
  "ssl-ciphers": clientTls,
  "modsecurity-snippet": waf,
};

/** Flags of the controller that change what clients get. Others are about the process. */
const flags: Readonly<Record<string, Becoming>> = {
  "annotations-prefix": manual("annotations with another prefix are not looked at"),
  "default-backend-service": standard("HTTPRoute of a Gateway without hostnames"),
  "default-server-port": infrastructure("Gateway listeners[].port"),
  "default-ssl-certificate": standard("Gateway listeners[].tls.certificateRefs of a listener without a hostname"),
  "disable-catch-all": nothing("a route without hostnames is written only where one is asked for"),
  "disable-svc-external-name": nothing(
    "Services of type ExternalName are served only where --allow-external-name says so",
  ),
  "enable-ssl-passthrough": standard("TLSRoute and a listener in mode Passthrough"),
  "http-port": infrastructure("Gateway listeners[].port"),
  "https-port": infrastructure("Gateway listeners[].port"),
  "ingress-class": standard("Gateway gatewayClassName"),
  "tcp-services-configmap": standard("TCPRoute"),
  "udp-services-configmap": standard("UDPRoute"),
  "watch-ingress-without-class": standard("Gateway gatewayClassName"),
  "watch-namespace": standard("Gateway listeners[].allowedRoutes"),
};

/** Names of the keys that have a row of their own. */
export const nginxKeyNames = Object.keys(keys).sort();
export const nginxFlagNames = Object.keys(flags).sort();

/** What becomes of a key of the ConfigMap. Many are defaults of the annotation of the same name. */
export function becomingOfKey(key: string): Becoming {
  if (Object.hasOwn(keys, key)) return keys[key] as Becoming;
  return (
    becomingOf("ingress-nginx", key) ??
    manual("ingress-nginx 1.15 has no such key, or it has no counterpart that is known")
  );
}

/** What becomes of a flag (without dashes); `undefined` for one that is about the process alone. */
export function becomingOfFlag(flag: string): Becoming | undefined {
  return Object.hasOwn(flags, flag) ? flags[flag] : undefined;
}
