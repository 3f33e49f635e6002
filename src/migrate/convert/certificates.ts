/**
 * What cert-manager and external-dns read from Ingresses, moved to where they read it of the Gateway API. cert-manager looks at a
 * Gateway's annotations and makes certificates in the Gateway's own namespace alone, so that those in other namespaces become
 * Certificates of their own.
 */
import type { IngressModel } from "../../ingress/ingress-model.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { GatewayPlan, PlannedGateway } from "./gateways.ts";
import { certManager, externalDnsTarget } from "./metadata.ts";
import type { Workspace } from "./workspace.ts";

/** Annotations of cert-manager that say how a certificate is made: their field in a Certificate. */
const certificateFields = {
  "cert-manager.io/common-name": "commonName",
  "cert-manager.io/duration": "duration",
  "cert-manager.io/renew-before": "renewBefore",
} as const;

export function convertCertificates(
  { ingresses, servers }: IngressModel,
  gateways: GatewayPlan,
  workspace: Workspace,
): void {
  for (const { resource, dropped } of ingresses) {
    if (dropped !== undefined) continue;
    const gateway = gatewayOf(resource, { servers }, gateways);
    moveTarget(resource, gateway, workspace);
    const issuer = issuerOf(resource);
    if (issuer === undefined) continue;
    const own = Object.fromEntries(
      Object.entries(resource.metadata.annotations).filter(([key]) => key.startsWith(certManager)),
    );
    if (gateway.namespace === resource.metadata.namespace && takes(gateway, own)) {
      Object.assign(gateway.annotations, own);
      continue;
    }
    for (const { hosts, secretName } of resource.spec.tls) {
      if (secretName !== undefined && secretName !== "")
        writeCertificate(resource, { hosts, secretName, issuer }, workspace);
    }
  }
}

function gatewayOf(
  resource: Resource<"Ingress">,
  { servers }: Pick<IngressModel, "servers">,
  gateways: GatewayPlan,
): PlannedGateway {
  const server = servers.find(({ locations }) => locations.some(({ owner }) => owner?.resource === resource));
  return gateways.of(server ?? { owner: resource });
}

/** Whether a Gateway says nothing else of the same annotations. */
function takes({ annotations }: PlannedGateway, own: Readonly<Record<string, string>>): boolean {
  const known = Object.entries(annotations).filter(([key]) => key.startsWith(certManager));
  return (
    known.length === 0 ||
    (known.length === Object.keys(own).length && known.every(([key, value]) => own[key] === value))
  );
}

function issuerOf({ metadata: { annotations } }: Resource<"Ingress">): JsonObject | undefined {
  const cluster = annotations["cert-manager.io/cluster-issuer"];
  const name = cluster ?? annotations["cert-manager.io/issuer"];
  if (name === undefined) return undefined;
  const kind = annotations["cert-manager.io/issuer-kind"] ?? (cluster === undefined ? "Issuer" : "ClusterIssuer");
  const group = annotations["cert-manager.io/issuer-group"];
  return { name, kind, ...(group === undefined ? {} : { group }) };
}

type Wanted = { readonly hosts: readonly string[]; readonly secretName: string; readonly issuer: JsonObject };

function writeCertificate(
  ingress: Resource<"Ingress">,
  { hosts, secretName, issuer }: Wanted,
  workspace: Workspace,
): void {
  const { namespace, annotations } = ingress.metadata;
  const fields = Object.entries(certificateFields).flatMap(([key, field]) => {
    const value = annotations[key];
    return value === undefined ? [] : [[field, value] as const];
  });
  workspace.addOnce({
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name: secretName, namespace, labels: {}, annotations: {} },
    content: { spec: { secretName, dnsNames: [...hosts], issuerRef: issuer, ...Object.fromEntries(fields) } },
    app: undefined,
    comments: [
      workspace.origin({ ingress, annotations: [] }),
      "cert-manager made this by the Ingress's annotation, and takes it away with the Ingress. It makes certificates of a Gateway only in the Gateway's namespace.",
      "An issuer with the http01 solver needs gatewayHTTPRoute with the Gateway in its parentRefs.",
    ],
  });
}

function moveTarget({ metadata }: Resource<"Ingress">, gateway: PlannedGateway, workspace: Workspace): void {
  const target = metadata.annotations[externalDnsTarget];
  if (target === undefined) return;
  const known = gateway.annotations[externalDnsTarget];
  if (known === undefined) gateway.annotations[externalDnsTarget] = target;
  else if (known !== target) {
    const resource = workspace.snapshot.get("Ingress", metadata.namespace, metadata.name);
    if (resource === undefined) return;
    workspace.report(
      "convert-by-hand",
      { resource, pointer: `/metadata/annotations/${externalDnsTarget.replaceAll("/", "~1")}` },
      {
        message: `external-dns is to point the hosts at ${target}, and those of other Ingresses at ${known}: it reads the target from the Gateway, which is one.`,
        fix: "Use another --gateway-layout, or one target.",
      },
    );
  }
}
