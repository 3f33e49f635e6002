/** References to backends, with what says how they are spoken with. */
import type { ServiceBackend } from "../../ingress/ingress-model.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { BackendPart, BackendTls, ConvertScope, Origin } from "./convert-feature.ts";
import type { Manifest } from "./manifest.ts";
import { policyGroup } from "./options.ts";
import { gatewayApi, type Workspace } from "./workspace.ts";

/** How backends are spoken with, and by which kind of route: a GRPCRoute says by itself that they speak HTTP/2. */
export type BackendManner = BackendPart & {
  readonly kind: "HTTPRoute" | "GRPCRoute";
  /** Whose annotations say so. */
  readonly origins: readonly Origin[];
};

/** A reference from a route of the Ingress; `undefined`: there is none, which a finding tells of. */
export function backendRef(
  backend: ServiceBackend,
  how: BackendManner,
  scope: ConvertScope,
  workspace: Workspace,
): JsonObject | undefined {
  const from = { group: gatewayApi, kind: how.kind, namespace: scope.ingress.metadata.namespace };
  const ref = workspace.serviceRef(from, backend);
  if (ref === undefined) {
    const port = "name" in backend.port ? backend.port.name : String(backend.port.number);
    workspace.report(
      "convert-port-unknown",
      { resource: scope.ingress, pointer: backend.from.pointer },
      {
        message: `Service ${backend.namespace}/${backend.service} has no port that is known to be called ${JSON.stringify(port)}, so that the rule has no backend.`,
        fix: "Convert the Ingress together with its Service, or write the port's number into it.",
      },
    );
    return undefined;
  }
  const clearHttp2 = how.protocol === "http2" && how.kind === "HTTPRoute";
  return how.tls === undefined && !clearHttp2 ? ref : settledRef(backend, { ref, how }, scope, workspace);
}

type Reference = { readonly ref: JsonObject; readonly how: BackendManner };

/** A reference to a backend that a Service alone does not describe. */
function settledRef(
  backend: ServiceBackend,
  { ref, how }: Reference,
  scope: ConvertScope,
  workspace: Workspace,
): JsonObject {
  const { tls } = how;
  if (tls?.verify !== undefined && tls.hostname !== undefined && tls.clientCertificate === undefined) {
    workspace.addOnce(backendTlsPolicy(backend, tls.verify.secret.name, tls.hostname, workspace.origins(how.origins)));
    if (how.protocol === "http1" || how.kind === "GRPCRoute") return ref;
  }
  const { policies } = workspace.options;
  if (policies === "none") {
    scope.report("convert-needs-policies", "backend-protocol", {
      message: `The Gateway API has no way to say how Service ${backend.service} is spoken with: ${mannerOf(how)}.`,
      fix:
        tls === undefined
          ? "Give the Service's port `appProtocol: kubernetes.io/h2c`, or use --policies sluice."
          : "Write a BackendTLSPolicy with the authority of the backend's certificate, or use --policies sluice.",
    });
    return ref;
  }
  scope.report("convert-differs", "backend-protocol", {
    message: `Service ${backend.service} is spoken with at its name in the cluster, ${mannerOf(how)}: the Service spreads connections over its endpoints, not the gateway.`,
    fix: "Nothing, or write a BackendTLSPolicy for the Service and name the Service in the route.",
  });
  const group = policyGroup[policies];
  const { namespace } = scope.ingress.metadata;
  const name = workspace.addOnce({
    apiVersion: `${group}/v1alpha1`,
    kind: "Backend",
    metadata: { name: `${backend.service}-${ref["port"]}`, namespace, labels: {}, annotations: {} },
    content: {
      spec: {
        endpoints: [
          { fqdn: { hostname: `${backend.service}.${backend.namespace}.svc.cluster.local`, port: ref["port"] } },
        ],
        ...(how.protocol === "http2" && tls === undefined ? { appProtocols: ["gateway.envoyproxy.io/h2c"] } : {}),
        ...(tls === undefined ? {} : { tls: tlsFields(tls) }),
      },
    },
    app: undefined,
    comments: [
      ...workspace.origins(how.origins),
      `Service ${backend.namespace}/${backend.service}, spoken with over ${mannerOf(how)}.`,
    ],
  });
  return { group, kind: "Backend", name };
}

function mannerOf({ protocol, tls }: BackendManner): string {
  const version = protocol === "http2" ? "HTTP/2" : "HTTP/1.1";
  if (tls === undefined) return `${version} in the clear`;
  return `${version} over TLS${tls.verify === undefined ? ", with a certificate that nobody verifies, as in ingress-nginx" : ""}`;
}

function tlsFields({ verify, hostname, clientCertificate }: BackendTls): JsonObject {
  return {
    ...(verify === undefined
      ? { insecureSkipVerify: true }
      : { caCertificateRefs: [{ group: "", kind: "Secret", name: verify.secret.name }] }),
    ...(hostname === undefined ? {} : { sni: hostname }),
    ...(clientCertificate === undefined ? {} : { clientCertificateRef: { ...clientCertificate } }),
  };
}

function backendTlsPolicy(
  { namespace, service }: ServiceBackend,
  secret: string,
  hostname: string,
  comments: readonly string[],
): Manifest {
  return {
    apiVersion: `${gatewayApi}/v1`,
    kind: "BackendTLSPolicy",
    metadata: { name: service, namespace, labels: {}, annotations: {} },
    content: {
      spec: {
        targetRefs: [{ group: "", kind: "Service", name: service }],
        validation: { caCertificateRefs: [{ group: "", kind: "Secret", name: secret }], hostname },
      },
    },
    app: undefined,
    comments: [...comments, `Service ${service} is spoken with over TLS, and its certificate is verified.`],
  };
}
