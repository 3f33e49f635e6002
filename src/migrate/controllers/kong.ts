/** Kong Ingress Controller: its annotations are on Ingresses and on Services; plugins and upstreams are objects of their own. */
import { manual, nothing, policy, standard } from "./becoming.ts";
import type { IngressController } from "./ingress-controller.ts";

const streamTimeout = policy("BackendTrafficPolicy timeout.http.streamIdleTimeout");
const verified = standard("BackendTLSPolicy validation");

export const kong: IngressController = {
  title: "Kong Ingress Controller",
  controllers: ["ingress-controllers.konghq.com/kong"],
  classNames: ["kong"],
  prefixes: ["konghq.com/", "configuration.konghq.com/", "plugins.konghq.com/"],
  annotations: [
    { name: "ca-certificates-*", becomes: verified },
    { name: "client-cert", becomes: policy("Backend tls.clientCertificateRef") },
    { name: "connect-timeout", becomes: policy("BackendTrafficPolicy timeout.tcp.connectTimeout") },
    { name: "headers-separator", becomes: standard("HTTPRoute rules[].matches[].headers") },
    { name: "headers.*", becomes: standard("HTTPRoute rules[].matches[].headers") },
    { name: "host-aliases", becomes: standard("HTTPRoute hostnames[], and a listener for each") },
    { name: "host-header", becomes: standard("HTTPRoute rules[].filters[].urlRewrite.hostname") },
    { name: "https-redirect-status-code", becomes: standard("HTTPRoute rules[].filters[].requestRedirect.statusCode") },
    { name: "methods", becomes: standard("HTTPRoute rules[].matches[].method") },
    { name: "override", becomes: manual("KongIngress is of an earlier release: read what it sets") },
    { name: "path", becomes: standard("HTTPRoute rules[].filters[].urlRewrite.path") },
    { name: "path-handling", becomes: nothing("paths are put together as v0 does") },
    {
      name: "plugins",
      becomes: manual(
        "each KongPlugin has a policy or filter of its own: rate-limiting, cors, jwt, key-auth, basic-auth, ip-restriction, request-transformer and the like",
      ),
    },
    { name: "preserve-host", becomes: standard("HTTPRoute rules[].filters[].urlRewrite.hostname where it is false") },
    { name: "protocol", becomes: standard("Service ports[].appProtocol, BackendTLSPolicy") },
    { name: "protocols", becomes: standard("HTTPRoute parentRefs[].sectionName") },
    { name: "read-timeout", becomes: streamTimeout },
    { name: "regex-prefix", becomes: standard("HTTPRoute rules[].matches[].path, RegularExpression") },
    {
      name: "regex-priority",
      becomes: manual("the Gateway API orders rules by how exact they are: read whether the order matters"),
    },
    { name: "request-buffering", becomes: policy("BackendTrafficPolicy requestBuffer") },
    { name: "response-buffering", becomes: nothing("answers are passed on as they come") },
    { name: "retries", becomes: standard("HTTPRoute rules[].retry.attempts") },
    { name: "rewrite", becomes: policy("HTTPRouteFilter urlRewrite.path.replaceRegexMatch") },
    { name: "snis", becomes: standard("TLSRoute hostnames[], listener hostnames") },
    { name: "strip-path", becomes: standard("HTTPRoute rules[].filters[].urlRewrite.path, ReplacePrefixMatch") },
    { name: "tags", becomes: nothing("they are labels in Kong's own database") },
    { name: "tls-verify", becomes: verified },
    { name: "tls-verify-depth", becomes: policy("Backend tls") },
    { name: "upstream-policy", becomes: policy("BackendTrafficPolicy loadBalancer, healthCheck") },
    { name: "write-timeout", becomes: streamTimeout },
  ],
};
