/** What a recorded case leaves out: endpoints, cluster addresses, Secrets' contents, the controller's ConfigMap and its class. */
import { stringify } from "yaml";
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";
import type { Certificates } from "./certificates.ts";
import { type Manifest, namespaceOf, type TruthCase } from "./truth-case.ts";

/** Where a Service is in the network of a case. */
export type ServiceAddresses = {
  /** `namespace/name`. */
  readonly service: string;
  readonly clusterAddress: string;
  readonly endpoints: readonly string[];
  readonly ports: readonly { readonly port: number; readonly targetPort: number }[];
  /** `none`: connections are refused or never answered, so nobody listens. */
  readonly listens: "endpoints" | "none";
};

export type ServedCase = {
  /** Of the Ingresses that the API server accepted, with all that they need. */
  readonly manifests: readonly Manifest[];
  readonly services: readonly ServiceAddresses[];
};

type ServiceSpec = {
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number }[];
};

/** Addresses to which packets vanish. */
export const silentNetwork = "10.200";

const oldest = Date.UTC(2026, 0, 1);

/** Completes the manifests of a case. `rejected`: with the Ingresses, too, that the API server refused. */
export function serveCase(
  { manifests, controller, ordered, rejected }: TruthCase,
  certificates: Certificates,
  options: { readonly rejected: "left out" | "kept" },
): ServedCase {
  const services = manifests.filter(({ kind }) => kind === "Service").map(addressesOf);
  const byName = new Map(services.map((addresses) => [addresses.service, addresses]));
  let age = 0;
  const complete = manifests
    .filter((manifest) => options.rejected === "kept" || !rejected.includes(nameOf(manifest)))
    .flatMap((manifest): readonly Manifest[] => {
      const namespaced = withNamespace(manifest);
      if (manifest.kind === "Ingress") {
        const creationTimestamp = new Date(oldest + (ordered ? age++ : 0) * 60_000).toISOString();
        return [{ ...namespaced, metadata: { ...namespaced.metadata, creationTimestamp } as Manifest["metadata"] }];
      }
      if (manifest.kind === "Secret") return [completeSecret(namespaced, certificates)];
      const addresses = byName.get(nameOf(manifest));
      return manifest.kind === "Service" && addresses ? [...completeService(namespaced, addresses)] : [namespaced];
    });
  return { manifests: [ingressClass, configMap(controller), ...complete], services };
}

export function renderManifests(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest, { version: "1.1" })).join("---\n");
}

function nameOf(manifest: Manifest): string {
  return `${namespaceOf(manifest)}/${manifest.metadata.name}`;
}

function withNamespace(manifest: Manifest): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, namespace: namespaceOf(manifest) } };
}

function addressesOf(service: Manifest, index: number): ServiceAddresses {
  const annotations = service.metadata.annotations ?? {};
  const count = Number(annotations["oracle/endpoints"] ?? 1);
  const silent = annotations["oracle/blackhole"] === "true";
  const network = silent ? `${silentNetwork}.${index + 1}` : `10.100.${index + 1}`;
  const spec = service["spec"] as ServiceSpec;
  return {
    service: nameOf(service),
    clusterAddress: `10.96.0.${index + 1}`,
    endpoints: Array.from({ length: count }, (_, endpoint) => `${network}.${endpoint + 1}`),
    ports: spec.ports.map(({ port, targetPort = port }) => ({ port, targetPort })),
    listens: silent || annotations["oracle/refuse"] === "true" ? "none" : "endpoints",
  };
}

function* completeService(service: Manifest, { clusterAddress, endpoints }: ServiceAddresses): Iterable<Manifest> {
  const spec = service["spec"] as ServiceSpec;
  yield { ...service, spec: { ...spec, clusterIP: clusterAddress, type: "ClusterIP" } };
  const { name, namespace = "default" } = service.metadata;
  yield {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } } as Manifest["metadata"],
    addressType: "IPv4",
    endpoints: endpoints.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: spec.ports.map(({ name: portName = "", port, targetPort = port }) => ({
      name: portName,
      port: targetPort,
      protocol: "TCP",
    })),
  };
}

function completeSecret(secret: Manifest, certificates: Certificates): Manifest {
  const annotations = secret.metadata.annotations ?? {};
  const data = (parts: Readonly<Record<string, string>>): Manifest => ({
    ...secret,
    data: Object.fromEntries(Object.entries(parts).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
  });
  const keyed = ({ certPem, keyPem }: TestCertificate) => ({ "tls.crt": certPem, "tls.key": keyPem });
  const { clientAuthority, backendAuthority, otherAuthority, clients } = certificates;
  const client = keyed(clients["client"] as TestCertificate);
  switch (annotations["oracle/generate"]) {
    case "tls": {
      const names = (annotations["oracle/hosts"] ?? "").split(" ");
      return data(keyed(makeCertificate({ names })));
    }
    case "client-ca":
      return data({ "ca.crt": clientAuthority.certPem });
    case "backend-ca":
      return data({ "ca.crt": backendAuthority.certPem, ...client });
    case "other-ca":
      return data({ "ca.crt": otherAuthority.certPem, ...client });
    default:
      return secret;
  }
}

const ingressClass: Manifest = {
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: "nginx" },
  spec: { controller: "k8s.io/ingress-nginx" },
};

function configMap(data: Readonly<Record<string, string>>): Manifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "ingress-nginx-controller", namespace: "ingress-nginx" },
    data,
  };
}
