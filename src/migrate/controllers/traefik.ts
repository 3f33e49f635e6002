/** Traefik: annotations of Ingresses and Services, and kinds of its own. */
import { manual, nothing, policy, standard } from "./becoming.ts";
import type { IngressController } from "./ingress-controller.ts";

const cookie = standard("HTTPRoute rules[].sessionPersistence");
const ownCookie = policy("BackendTrafficPolicy loadBalancer.consistentHash.cookie");
const telemetry = manual("metrics, logs and traces are set for a whole gateway");

export const traefik: IngressController = {
  title: "Traefik",
  controllers: ["traefik.io/ingress-controller"],
  classNames: ["traefik", "traefik-internal", "traefik-external"],
  prefixes: ["traefik.ingress.kubernetes.io/"],
  annotations: [
    { name: "router.entrypoints", becomes: standard("HTTPRoute parentRefs[].sectionName of the listener") },
    {
      name: "router.middlewares",
      becomes: standard("HTTPRoute rules[].filters[].extensionRef: Middlewares are read as they are"),
    },
    { name: "router.observability.*", becomes: telemetry },
    { name: "router.pathmatcher", becomes: standard("HTTPRoute rules[].matches[].path.type") },
    {
      name: "router.priority",
      becomes: manual("the Gateway API orders rules by how exact they are: read whether the order matters"),
    },
    { name: "router.rulesyntax", becomes: nothing("the rules of version 3 are read") },
    { name: "router.tls", becomes: standard("Gateway listeners[] of protocol HTTPS") },
    { name: "router.tls.certresolver", becomes: manual("issue the certificate with cert-manager, for the Gateway") },
    {
      name: "router.tls.domains.*",
      becomes: standard("Gateway listeners[].hostname, and the names of its certificate"),
    },
    { name: "router.tls.options", becomes: policy("ClientTrafficPolicy tls") },
    { name: "service.nativelb", becomes: nothing("requests go to pods directly") },
    { name: "service.nodeportlb", becomes: nothing("requests go to pods directly") },
    {
      name: "service.passhostheader",
      becomes: standard("HTTPRoute rules[].filters[].urlRewrite.hostname where it is false"),
    },
    { name: "service.serversscheme", becomes: standard("Service ports[].appProtocol, BackendTLSPolicy") },
    { name: "service.serverstransport", becomes: policy("BackendTLSPolicy, BackendTrafficPolicy timeout") },
    { name: "service.sticky.cookie", becomes: cookie },
    { name: "service.sticky.cookie.maxage", becomes: standard("HTTPRoute rules[].sessionPersistence.absoluteTimeout") },
    { name: "service.sticky.cookie.name", becomes: standard("HTTPRoute rules[].sessionPersistence.sessionName") },
    { name: "service.sticky.cookie.*", becomes: ownCookie },
  ],
};
