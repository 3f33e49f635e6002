/** A feature that is tested in a cluster, and what its tests have at hand. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterShape } from "../conformance/cluster.ts";
import type { Rig } from "../conformance/rig.ts";
import {
  type ApiCondition,
  type ApiObject,
  at,
  conditionsAt,
  nameOf,
  type ObjectName,
  parseManifest,
  printName,
} from "./api-object.ts";
import { type Cluster, patienceMs } from "./cluster.ts";

export type Feature = {
  /** Also names the namespace. */
  readonly name: string;
  /** YAML, applied first. Objects without a namespace get the feature's; `@class` stands for the GatewayClass. */
  readonly manifest: string;
  /** By title, in this order; one that fails does not stop the others. */
  readonly tests: Readonly<Record<string, (scene: Scene) => Promise<void>>>;
  /** A kind that not every cluster has: without it the feature is left out, and the run says so. */
  readonly needs?: { readonly apiVersion: string; readonly kind: string };
  /** Where it makes sense. Absent: everywhere. */
  readonly shape?: ClusterShape;
  /** Removes what is outside of the namespace, which goes by itself. */
  readonly cleanUp?: (scene: Scene) => Promise<void>;
};

export const gatewayApi = "gateway.networking.k8s.io/v1";
export const experimentalApi = "gateway.networking.x-k8s.io/v1alpha1";

/** What a condition must be; its reason is looked at where one is given. */
export type Expected = { readonly type: string; readonly status: "True" | "False"; readonly reason?: string };

const ready: readonly Expected[] = [{ type: "Accepted", status: "True" }];
const resolved: readonly Expected[] = [...ready, { type: "ResolvedRefs", status: "True" }];

/** What objects of a kind must be before a feature's tests begin. */
const expectedOf: Readonly<Record<string, readonly Expected[]>> = {
  Gateway: [...ready, { type: "Programmed", status: "True" }],
  HTTPRoute: resolved,
  GRPCRoute: resolved,
  TLSRoute: resolved,
  TCPRoute: resolved,
  UDPRoute: resolved,
  BackendTLSPolicy: ready,
  XBackendTrafficPolicy: ready,
  XTelemetryPolicy: ready,
};

export type SceneOptions = {
  readonly cluster: Cluster;
  readonly rig: Rig;
  /** The feature's. */
  readonly namespace: string;
  readonly className: string;
  readonly controllerNamespace: string;
};

export class Scene {
  readonly cluster: Cluster;
  readonly rig: Rig;
  readonly namespace: string;
  readonly className: string;
  readonly controllerNamespace: string;

  constructor(options: SceneOptions) {
    this.cluster = options.cluster;
    this.rig = options.rig;
    this.namespace = options.namespace;
    this.className = options.className;
    this.controllerNamespace = options.controllerNamespace;
  }

  /** The objects of a YAML text, in the feature's namespace where they belong to one and name none. */
  async objects(yaml: string): Promise<readonly ApiObject[]> {
    const objects = parseManifest(yaml.replaceAll("@class", this.className));
    return Promise.all(
      objects.map(async (object) => {
        if (object.metadata.namespace !== undefined) return object;
        const namespaced = { ...object, metadata: { ...object.metadata, namespace: this.namespace } };
        const { namespace } = await this.cluster.path(nameOf(namespaced));
        return namespace === undefined ? object : namespaced;
      }),
    );
  }

  /** Applies a YAML text. Nothing is waited for. */
  async apply(yaml: string): Promise<readonly ApiObject[]> {
    const objects = await this.objects(yaml);
    await this.cluster.apply(objects);
    return objects;
  }

  /** Applies a YAML text and waits until pods are ready and objects have the conditions that good ones have. */
  async applyReady(yaml: string): Promise<void> {
    for (const object of await this.apply(yaml)) {
      const expected = expectedOf[object.kind];
      if (expected !== undefined) await this.waitForConditions(nameOf(object), expected);
      if (object.kind === "Deployment") await this.waitForPods(nameOf(object));
    }
  }

  /** A name in the feature's namespace. */
  named(kind: string, name: string, apiVersion: string = gatewayApi): ObjectName {
    return { apiVersion, kind, name, namespace: this.namespace };
  }

  /** The first address of a Gateway, once it has one. */
  async address(gateway: string): Promise<string> {
    const object = await this.cluster.waitFor(
      this.named("Gateway", gateway),
      (found) => at(found, "status", "addresses", 0, "value") !== undefined,
      { what: "given an address" },
    );
    return String(at(object, "status", "addresses", 0, "value"));
  }

  /** Waits until every entry of the object's status has these conditions, for its newest generation. */
  async waitForConditions(name: ObjectName, expected: readonly Expected[]): Promise<ApiObject> {
    return this.cluster.waitFor(name, (object) => isAs(object, expected), { what: JSON.stringify(expected) });
  }

  async waitForPods(deployment: ObjectName): Promise<void> {
    await this.cluster.waitFor(deployment, arePodsReady, { what: "ready" });
  }

  /** Repeats a check until it holds; throws as it last did. */
  async eventually(check: () => Promise<void>, timeoutMs: number = patienceMs): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (performance.now() > end) throw error;
        await sleep(100);
      }
    }
  }

  /** Holds for as long: a check that fails once fails. */
  async throughout(durationMs: number, check: () => Promise<void>): Promise<void> {
    for (const end = performance.now() + durationMs; performance.now() < end; await sleep(100)) await check();
  }
}

/** Counts of zero are left out of a status. */
function arePodsReady(deployment: ApiObject): boolean {
  const wanted = Number(at(deployment, "spec", "replicas"));
  const count = (field: string): number => Number(at(deployment, "status", field) ?? 0);
  return (
    count("observedGeneration") === deployment.metadata.generation &&
    ["replicas", "readyReplicas", "updatedReplicas"].every((field) => count(field) === wanted)
  );
}

/** Each list of conditions that an object's status has: one, or one for each parent or ancestor. */
export function conditionLists(object: ApiObject): readonly (readonly ApiCondition[])[] {
  for (const field of ["parents", "ancestors"]) {
    const entries = at(object, "status", field);
    if (Array.isArray(entries))
      return entries.map((_, index) => conditionsAt(object, "status", field, index, "conditions"));
  }
  return [conditionsAt(object, "status", "conditions")];
}

function isAs(object: ApiObject, expected: readonly Expected[]): boolean {
  const lists = conditionLists(object);
  return (
    lists.length > 0 && lists.every((conditions) => hasConditions(conditions, expected, object.metadata.generation))
  );
}

export function hasConditions(
  conditions: readonly ApiCondition[],
  expected: readonly Expected[],
  generation: number | undefined,
): boolean {
  return expected.every(({ type, status, reason }) =>
    conditions.some(
      (condition) =>
        condition.type === type &&
        condition.status === status &&
        (reason === undefined || condition.reason === reason) &&
        condition.observedGeneration === generation,
    ),
  );
}

/** The condition of a type in an object's only list. Throws when there is none. */
export function conditionOf(object: ApiObject, type: string): ApiCondition {
  const condition = conditionLists(object)
    .flat()
    .find((one) => one.type === type);
  assert.ok(condition, `${printName(nameOf(object))} has no condition ${type}`);
  return condition;
}
