import type { TestCertificate } from "../test-certificate.ts";

/** A login by host, as Envoy Gateway's users write it. */
export type JudgedLogin = {
  readonly name: string;
  readonly host: string;
  readonly clientId: string;
  /** Further fields of `oidc`, as YAML in braces would have them. */
  readonly more: string;
};

export const clientSecret = "a secret of the judge's";

/** The logins that the judge goes through; `second` is another policy with a client of its own. */
export const logins = {
  app: {
    name: "app",
    host: "app.test",
    clientId: "app",
    more: "forwardAccessToken: true, forwardIDToken: { header: x-id-token }, denyRedirect: { headers: [{ name: x-requested-with, value: XMLHttpRequest }] }",
  },
  second: { name: "second", host: "second.test", clientId: "second", more: "scopes: [openid]" },
  strict: { name: "strict", host: "strict.test", clientId: "strict", more: "cookieConfig: { sameSite: Strict }" },
} as const satisfies Readonly<Record<string, JudgedLogin>>;

const base64 = (text: string) => Buffer.from(text).toString("base64");

const route = (name: string, host: string, path: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: default }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules:
    - matches: [{ path: { type: PathPrefix, value: ${path} } }]
      backendRefs: [{ name: echo, port: 80 }]
---`;

const login = ({ name, host, clientId, more }: JudgedLogin, issuer: string) => `${route(name, host, "/")}
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: ${name}, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name} }]
  oidc: { provider: { issuer: "${issuer}" }, clientID: ${clientId}, clientSecret: { name: login }, ${more} }
---`;

/** A Gateway with TLS, a route with a login for each host, one that is open to all, and one that csrf protects. */
export function judgeManifests(edge: TestCertificate, issuer: string, echoPort: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: sluice.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  gatewayClassName: sluice
  listeners: [{ name: tls, protocol: HTTPS, port: 443, tls: { certificateRefs: [{ name: edge }] } }]
---
apiVersion: v1
kind: Secret
metadata: { name: edge, namespace: default }
type: kubernetes.io/tls
data: { tls.crt: ${base64(edge.certPem)}, tls.key: ${base64(edge.keyPem)} }
---
apiVersion: v1
kind: Secret
metadata: { name: login, namespace: default }
data: { client-secret: ${base64(clientSecret)} }
---
apiVersion: v1
kind: Service
metadata: { name: echo, namespace: default }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: echo-1, namespace: default, labels: { kubernetes.io/service-name: echo } }
addressType: IPv4
ports: [{ name: http, port: ${echoPort} }]
endpoints: [{ addresses: [127.0.0.1], conditions: { ready: true } }]
---${Object.values(logins)
    .map((one) => login(one, issuer))
    .join(
      "",
    )}${route("open", "app.test", "/open")}${route("partner", "partner.test", "/")}${route("form", "form.test", "/")}
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: form, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: form }]
  csrf: { additionalOrigins: ["https://partner.test:*"] }
`;
}
