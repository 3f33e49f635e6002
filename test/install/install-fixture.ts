/** An API server in memory that things are installed into. */
import { type InstallRun, installInto } from "../../src/install/cluster/install-into.ts";
import { type UninstallRun, uninstallFrom } from "../../src/install/cluster/uninstall-from.ts";
import { installObjects } from "../../src/install/manifests.ts";
import { type InstallOptions, initialOptions } from "../../src/install/options.ts";
import type { KubeClient, KubeObject, ResourcePath } from "../../src/kube/kube-client.ts";
import { openKubeClient } from "../../src/kube/open-kube-client.ts";
import { FakeApiServer } from "../kube/fake-api-server.ts";
import type { Change, StoredObject } from "../kube/fake-object-store.ts";

const version = "1.2.3";

export type Done = { readonly code: number; readonly text: string };

export class InstallCluster implements AsyncDisposable {
  readonly server: FakeApiServer;
  readonly client: KubeClient;

  private constructor(server: FakeApiServer) {
    this.server = server;
    this.client = openKubeClient({ access: server.access });
    server.store.listeners.add((change) => this.#rollOut(change));
  }

  /** With the Gateway API, and Deployments whose pods are ready at once. */
  static async start(): Promise<InstallCluster> {
    const server = await FakeApiServer.start();
    server.installCrds("v1.7.0");
    for (const name of userNamespaces) server.put({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    return new InstallCluster(server);
  }

  async install(changes: Partial<InstallOptions> = {}, run: Partial<InstallRun> = {}): Promise<Done> {
    const options = { ...initialOptions(version), ...changes };
    const lines: string[] = [];
    const code = await installInto(this.client, installObjects(options, version), {
      ...{ options, server: "https://a", waitMs: 1000, pollMs: 1, say: (line: string) => lines.push(line) },
      ...run,
    });
    return { code, text: lines.join("\n") };
  }

  async uninstall(run: Partial<UninstallRun> = {}): Promise<Done> {
    const lines: string[] = [];
    const code = await uninstallFrom(this.client, {
      ...{ namespace: "sluice-system", force: false, purge: false, dryRun: false, server: "https://a" },
      ...{ waitMs: 1000, pollMs: 1, say: (line: string) => lines.push(line) },
      ...run,
    });
    return { code, text: lines.join("\n") };
  }

  /** `Kind namespace/name` of everything in the cluster but what was there before, in their order. */
  contents(): readonly string[] {
    return kindsLookedAt
      .flatMap(([group, plural]) => this.server.store.list(group, plural))
      .map(
        ({ kind, metadata: { namespace, name } }) => `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
      )
      .filter((shown) => !/CustomResourceDefinition .*(gateway\.networking|traefik\.io)/.test(shown))
      .filter((shown) => !userNamespaces.some((name) => shown === `Namespace ${name}`))
      .sort();
  }

  find(group: string, plural: string, name: string, namespace?: string): StoredObject | undefined {
    return this.server.store.get({ group, plural, name, ...(namespace === undefined ? {} : { namespace }) });
  }

  /** Creates an object as its user would. */
  create(path: Omit<ResourcePath, "version">, object: KubeObject): void {
    const { name, namespace } = object["metadata"] as { readonly name: string; readonly namespace?: string };
    const { group, plural } = path;
    this.server.store.create({ group, plural, name, ...(namespace === undefined ? {} : { namespace }) }, object);
  }

  /** A Gateway of the class `sluice`, and what a controller of that name has made for it: a Deployment, a Secret and more. */
  gatewayWithDataPlane(
    namespace: string,
    controllerName = initialOptions(version).controllerName,
    more: readonly (readonly [group: string, plural: string, kind: string])[] = [],
  ): void {
    const gateway = "gateway.networking.k8s.io";
    this.create(
      { group: gateway, plural: "gateways" },
      {
        ...{ apiVersion: `${gateway}/v1`, kind: "Gateway", metadata: { name: "web", namespace } },
        spec: { gatewayClassName: "sluice", listeners: [] },
      },
    );
    const metadata = {
      ...{ name: "web-sluice", namespace },
      labels: { "app.kubernetes.io/managed-by": "sluice", "app.kubernetes.io/component": "data-plane" },
      annotations: {
        "gateway.sluice.dev/controller": controllerName,
        "gateway.sluice.dev/data-plane": `${namespace}/web`,
      },
    };
    for (const [group, plural, kind] of [
      ["apps", "deployments", "Deployment"],
      ["", "secrets", "Secret"],
      ...more,
    ] as const)
      this.create({ group, plural }, { apiVersion: group === "" ? "v1" : `${group}/v1`, kind, metadata });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.server.close();
  }

  #rollOut({ type, place, object }: Change): void {
    if (type === "DELETED" || place.plural !== "deployments") return;
    const { replicas = 1 } = (object["spec"] ?? {}) as { readonly replicas?: number };
    const { generation: observedGeneration } = object.metadata;
    const status = { observedGeneration, replicas, updatedReplicas: replicas, availableReplicas: replicas };
    if (JSON.stringify(object["status"]) === JSON.stringify(status)) return;
    queueMicrotask(() => {
      if (this.server.store.get(place)) this.server.store.merge(place, { status }, "status");
    });
  }
}

const userNamespaces = ["default", "shop", "blog"] as const;

const kindsLookedAt: readonly (readonly [group: string, plural: string])[] = [
  ["", "namespaces"],
  ["", "serviceaccounts"],
  ["", "services"],
  ["", "secrets"],
  ["apps", "deployments"],
  ["apiextensions.k8s.io", "customresourcedefinitions"],
  ["rbac.authorization.k8s.io", "clusterroles"],
  ["rbac.authorization.k8s.io", "clusterrolebindings"],
  ["rbac.authorization.k8s.io", "roles"],
  ["rbac.authorization.k8s.io", "rolebindings"],
  ["admissionregistration.k8s.io", "validatingadmissionpolicies"],
  ["admissionregistration.k8s.io", "validatingadmissionpolicybindings"],
  ["policy", "poddisruptionbudgets"],
  ["networking.k8s.io", "networkpolicies"],
  ["gateway.networking.k8s.io", "gatewayclasses"],
  ["gateway.networking.k8s.io", "gateways"],
  ["gateway.sluice.dev", "gatewayconfigs"],
  ["coordination.k8s.io", "leases"],
];
