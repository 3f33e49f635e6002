import type { KubeObject } from "../../src/kube/kube-client.ts";
import { openKubeClient } from "../../src/kube/open-kube-client.ts";
import { KubeSource } from "../../src/source/kube/kube-source.ts";
import type { KubeSourceOptions, StartOptions } from "../../src/source/kube/kube-source-options.ts";
import type { ReflectorTuning } from "../../src/source/kube/reflector.ts";
import { FakeApiServer } from "./fake-api-server.ts";

/** Waits of no time, and nothing that is due by a clock. */
export const noWaits: ReflectorTuning = {
  backoff: { baseMs: 0, capMs: 0 },
  silenceMs: 600_000,
  absentRetryMs: 600_000,
  absentGraceMs: 0,
};

/** A source on a fake server, started and closed around `run`. */
export async function withSource(
  prepare: (server: FakeApiServer) => void,
  run: (fixture: { readonly server: FakeApiServer; readonly source: KubeSource }) => Promise<void>,
  { start, ...options }: Omit<KubeSourceOptions, "client"> & { readonly start?: StartOptions } = {},
): Promise<void> {
  await using server = await FakeApiServer.start();
  prepare(server);
  const client = openKubeClient({ access: server.access });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => client.close());
  const source = cleanup.use(new KubeSource({ tuning: noWaits, ...options, client }));
  await source.start(start);
  await run({ server, source });
}

const gatewayApi = "gateway.networking.k8s.io";

export function gatewayClass(name: string): KubeObject {
  return {
    apiVersion: `${gatewayApi}/v1`,
    kind: "GatewayClass",
    metadata: { name },
    spec: { controllerName: "sluice.dev/gateway-controller" },
  };
}

export function gateway(name: string, namespace = "shop", listener: object = {}): KubeObject {
  return {
    apiVersion: `${gatewayApi}/v1`,
    kind: "Gateway",
    metadata: { name, namespace },
    spec: { gatewayClassName: "sluice", listeners: [{ name: "web", port: 80, protocol: "HTTP", ...listener }] },
  };
}

export function httpRoute(name: string, namespace = "shop", port = 80): KubeObject {
  return {
    apiVersion: `${gatewayApi}/v1`,
    kind: "HTTPRoute",
    metadata: { name, namespace },
    spec: { parentRefs: [{ name: "web" }], rules: [{ backendRefs: [{ name: "cart", port }] }] },
  };
}

export function endpointSlice(name: string, address: string, namespace = "shop"): KubeObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address] }],
    ports: [{ port: 8080 }],
  };
}

export function secret(name: string, type: string, data: object, namespace = "shop"): KubeObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, type, data };
}
