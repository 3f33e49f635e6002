/** Runs features in a cluster that is there: `KUBECONFIG` names it, and it can be reached from here. */

import type { ClusterShape } from "../conformance/cluster.ts";
import type { Rig } from "../conformance/rig.ts";
import type { ApiObject } from "./api-object.ts";
import { Cluster } from "./cluster.ts";
import { type Feature, Scene } from "./feature.ts";

export type FeatureRun = {
  readonly rig: Rig;
  readonly features: readonly Feature[];
  readonly className: string;
  readonly controllerNamespace: string;
  /** A feature that is about provisioning is left out where nothing is provisioned. */
  readonly shape: ClusterShape;
  /** Leave the objects of a feature that failed in the cluster. */
  readonly keep: "nothing" | "failed";
  readonly print: (line: string) => void;
};

export type FeatureResult = { readonly passed: number; readonly failed: number; readonly leftOut: readonly string[] };

export async function runFeatures(run: FeatureRun): Promise<FeatureResult> {
  await using cluster = await Cluster.open();
  const result = { passed: 0, failed: 0, leftOut: [] as string[] };
  for (const feature of run.features) {
    const why = await whyLeftOut(cluster, feature, run.shape);
    if (why !== undefined) {
      result.leftOut.push(feature.name);
      run.print(`- ${feature.name}: left out, ${why}`);
      continue;
    }
    const { passed, failed } = await runFeature(cluster, feature, run);
    result.passed += passed;
    result.failed += failed;
  }
  return result;
}

async function runFeature(
  cluster: Cluster,
  feature: Feature,
  { rig, className, controllerNamespace, keep, print }: FeatureRun,
): Promise<{ readonly passed: number; readonly failed: number }> {
  const titles = Object.keys(feature.tests);
  const scene = new Scene({ cluster, rig, namespace: feature.name, className, controllerNamespace });
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: feature.name } } satisfies ApiObject;
  const namespaceName = { apiVersion: "v1", kind: "Namespace", name: feature.name };
  let passed = 0;
  try {
    await cluster.remove([namespaceName]);
    await cluster.waitGone(namespaceName);
    await cluster.apply([namespace]);
    await scene.applyReady(feature.manifest);
  } catch (error) {
    print(`✗ ${feature.name}: cannot be set up, so none of its ${titles.length} tests ran\n${indent(error)}`);
    if (keep === "nothing") await cleanUp(scene, feature);
    return { passed, failed: titles.length };
  }
  for (const title of titles) {
    const startMs = performance.now();
    try {
      await feature.tests[title]?.(scene);
      passed++;
      print(`✓ ${feature.name}: ${title} (${Math.round(performance.now() - startMs)} ms)`);
    } catch (error) {
      print(`✗ ${feature.name}: ${title}\n${indent(error)}`);
    }
  }
  if (keep === "nothing" || passed === titles.length) await cleanUp(scene, feature);
  return { passed, failed: titles.length - passed };
}

/** Nothing is waited for: whoever runs the feature next does. */
async function cleanUp(scene: Scene, feature: Feature): Promise<void> {
  await feature.cleanUp?.(scene);
  await scene.cluster.remove([{ apiVersion: "v1", kind: "Namespace", name: feature.name }]);
}

async function whyLeftOut(cluster: Cluster, feature: Feature, shape: ClusterShape): Promise<string | undefined> {
  if (feature.shape !== undefined && feature.shape !== shape) return `it is about shape ${feature.shape}`;
  if (feature.needs !== undefined && !(await isKnown(cluster, feature.needs))) {
    return `the API server has no ${feature.needs.kind}`;
  }
  return undefined;
}

async function isKnown(
  cluster: Cluster,
  kind: { readonly apiVersion: string; readonly kind: string },
): Promise<boolean> {
  return cluster.path({ ...kind, name: "x" }).then(
    () => true,
    () => false,
  );
}

function indent(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text
    .split("\n")
    .slice(0, 12)
    .map((line) => `    ${line}`)
    .join("\n");
}
