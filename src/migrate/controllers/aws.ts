/** AWS Load Balancer Controller: what an Application Load Balancer does for routes has a portable form; what it is made of has not. */
import { infrastructure, manual, nothing, policy, standard } from "./becoming.ts";
import type { IngressController } from "./ingress-controller.ts";

const loadBalancer = infrastructure("Service annotations of the load balancer in front of the Gateway (GatewayConfig)");
const firewall = manual("AWS WAF and Shield protect load balancers of AWS; keep one in front of the Gateway");
const oidc = policy("SecurityPolicy oidc");
const check = policy("BackendTrafficPolicy healthCheck.active");

export const aws: IngressController = {
  title: "AWS Load Balancer Controller",
  controllers: ["ingress.k8s.aws/alb"],
  classNames: ["alb"],
  prefixes: ["alb.ingress.kubernetes.io/"],
  annotations: [
    {
      name: "actions.*",
      becomes: standard(
        "HTTPRoute rules[].filters[].requestRedirect, backendRefs[].weight; a fixed response is HTTPRouteFilter directResponse",
      ),
    },
    { name: "auth-idp-*", becomes: oidc },
    { name: "auth-on-unauthenticated-request", becomes: policy("SecurityPolicy oidc.denyRedirect") },
    { name: "auth-scope", becomes: policy("SecurityPolicy oidc.scopes") },
    { name: "auth-session-*", becomes: policy("SecurityPolicy oidc.cookieNames") },
    { name: "auth-type", becomes: oidc },
    { name: "backend-protocol", becomes: standard("Service ports[].appProtocol, BackendTLSPolicy") },
    { name: "backend-protocol-version", becomes: standard("Service ports[].appProtocol kubernetes.io/h2c, GRPCRoute") },
    {
      name: "certificate-arn",
      becomes: manual(
        "a certificate of ACM has no key that could be exported: issue one into a Secret, for example with cert-manager",
      ),
    },
    {
      name: "conditions.*",
      becomes: standard(
        "HTTPRoute rules[].matches[] (headers, queryParams, method); source-ip is SecurityPolicy authorization",
      ),
    },
    { name: "customer-owned-ipv4-pool", becomes: loadBalancer },
    { name: "frontend-nlb-*", becomes: loadBalancer },
    { name: "group.name", becomes: nothing("all routes of a Gateway share its listeners") },
    {
      name: "group.order",
      becomes: manual("the Gateway API orders rules by how exact they are: read whether the order matters"),
    },
    { name: "healthcheck-*", becomes: check },
    { name: "healthy-threshold-count", becomes: check },
    { name: "inbound-cidrs", becomes: policy("SecurityPolicy authorization.rules[].principal.clientCIDRs") },
    { name: "ip-address-type", becomes: loadBalancer },
    { name: "jwt-validation", becomes: policy("SecurityPolicy jwt") },
    { name: "listen-ports", becomes: standard("Gateway listeners[]") },
    { name: "load-balancer-*", becomes: loadBalancer },
    { name: "manage-backend-security-group-rules", becomes: loadBalancer },
    { name: "minimum-load-balancer-capacity", becomes: loadBalancer },
    { name: "multi-cluster-target-group", becomes: loadBalancer },
    { name: "mutual-authentication", becomes: standard("Gateway tls.frontend.default.validation") },
    { name: "prefix-list*", becomes: loadBalancer },
    { name: "scheme", becomes: loadBalancer },
    { name: "security-group*", becomes: loadBalancer },
    { name: "shield-advanced-protection", becomes: firewall },
    { name: "ssl-policy", becomes: policy("ClientTrafficPolicy tls.minVersion, tls.ciphers") },
    {
      name: "ssl-redirect",
      becomes: standard("HTTPRoute rules[].filters[].requestRedirect.scheme on the http listener"),
    },
    { name: "subnets", becomes: loadBalancer },
    { name: "success-codes", becomes: check },
    { name: "tags", becomes: loadBalancer },
    {
      name: "target-group-attributes",
      becomes: policy("BackendTrafficPolicy loadBalancer, HTTPRoute rules[].sessionPersistence"),
    },
    { name: "target-control-port", becomes: loadBalancer },
    { name: "target-node-labels", becomes: loadBalancer },
    { name: "target-type", becomes: nothing("requests go to pods directly") },
    { name: "transforms.*", becomes: standard("HTTPRoute rules[].filters[].urlRewrite") },
    { name: "unhealthy-threshold-count", becomes: check },
    { name: "use-regex-path-match", becomes: standard("HTTPRoute rules[].matches[].path, RegularExpression") },
    { name: "waf-acl-id", becomes: firewall },
    { name: "wafv2-acl-*", becomes: firewall },
    { name: "web-acl-id", becomes: firewall },
  ],
};
