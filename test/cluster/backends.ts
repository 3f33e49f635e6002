/** Deployments and Services of the backends that tests need, as YAML. Images are those that the rig maps. */

/** Image of `peer.ts`: the rig runs it as a Node program. */
export const peerImage = "sluice-test-peer";
/** The image that the official suite's backends have. */
export const echoImage = "gcr.io/k8s-staging-gateway-api/echo-basic";

type Backend = {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  /** Default: 1. */
  readonly replicas?: number;
  /** Named `p` and the number. */
  readonly ports: readonly BackendPort[];
  readonly env?: Readonly<Record<string, string>>;
  /** A Secret of type kubernetes.io/tls, mounted at {@link certificateFolder}. */
  readonly certificate?: string;
};

type BackendPort = { readonly port: number; readonly targetPort: number; readonly appProtocol?: string };

export const certificateFolder = "/etc/backend-certificate";

function backend({ name, image, args = [], replicas = 1, ports, env = {}, certificate }: Backend): string {
  const container = {
    ...{ name: "main", image, args },
    env: [
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
      { name: "SERVICE_NAME", value: name },
      ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
    ],
    readinessProbe: { tcpSocket: { port: ports[0]?.targetPort }, periodSeconds: 1 },
    ...(certificate === undefined ? {} : { volumeMounts: [{ name: "certificate", mountPath: certificateFolder }] }),
  };
  const pod = {
    ...{ terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, enableServiceLinks: false },
    containers: [container],
    ...(certificate === undefined ? {} : { volumes: [{ name: "certificate", secret: { secretName: certificate } }] }),
  };
  const labels = { app: name };
  const deployment = {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, labels } },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
  };
  const service = {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name } },
    spec: { selector: labels, ports: ports.map((port) => ({ name: `p${port.port}`, ...port })) },
  };
  return [deployment, service].map((object) => JSON.stringify(object)).join("\n---\n");
}

/** echo-basic on port 8080: tells what reached it, and in which pod. */
export function echoBackend(name: string, options: { readonly replicas?: number } = {}): string {
  return backend({ name, image: echoImage, ports: [{ port: 8080, targetPort: 3000 }], ...options });
}

/** echo-basic on port 8443 over TLS, with the certificate of a Secret. */
export function tlsEchoBackend(name: string, certificate: string): string {
  return backend({
    ...{ name, image: echoImage, certificate, ports: [{ port: 8443, targetPort: 8443 }] },
    env: {
      TLS_SERVER_CERT: `${certificateFolder}/tls.crt`,
      TLS_SERVER_PRIVKEY: `${certificateFolder}/tls.key`,
    },
  });
}

/** A role of `peer.ts`; the ports of its Service are those of its pods. */
export function peerBackend(
  name: string,
  role: string,
  ports: readonly { readonly port: number; readonly appProtocol?: string }[],
): string {
  return backend({
    ...{ name, image: peerImage, args: [role] },
    ports: ports.map((port) => ({ ...port, targetPort: port.port })),
  });
}
