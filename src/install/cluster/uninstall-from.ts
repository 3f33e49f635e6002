import { setTimeout as pause } from "node:timers/promises";
import type { ExitCode } from "../../base/exit-code.ts";
import { recordOf } from "../../base/untrusted-json.ts";
import { type KubeClient, KubeError, type KubeObject } from "../../kube/kube-client.ts";
import { classFinalizer } from "../../status/writer/class-finalizers.ts";
import { helmRelease } from "../ownership.ts";
import { printInstalled } from "../resource-path.ts";
import { controllerSelector } from "./controllers.ts";
import { printDataPlane, removeDataPlane } from "./data-planes.ts";
import { type FoundInstallation, findInstallation } from "./find-installation.ts";
import { type ClassState, markClass, printSome } from "./gateway-classes.ts";
import { listAll, removeInstalled, removeObject } from "./own-objects.ts";

export type UninstallRun = {
  /** Of the controller, which names the installation. */
  readonly namespace: string;
  /** Also when Gateways lose their data planes. */
  readonly force: boolean;
  /** The namespace and the definitions of Sluice's kinds, too. */
  readonly purge: boolean;
  /** Changes nothing, and says what would be. */
  readonly dryRun: boolean;
  readonly say: (line: string) => void;
  /** Address of the API server, for messages. */
  readonly server: string;
  /** How long the controller's pods may take to stop. */
  readonly waitMs: number;
  /** Between two looks at them. Default 1,000 ms. */
  readonly pollMs?: number;
};

/** One thing to do, and what is said of it: `removed Service a/b`. */
type Step = { readonly done: string; readonly act: () => Promise<void> };

/**
 * Removes an installation, whatever options it was made with: what carries its label, what its controller keeps for itself, its
 * data planes, and its marks on GatewayClasses. Gateways, routes and GatewayConfigs stay. 0: done, or nothing was there. 2: refused,
 * and nothing was changed; or the API server refused something, which is said.
 */
export async function uninstallFrom(client: KubeClient, run: UninstallRun): Promise<ExitCode> {
  const { say, namespace } = run;
  const found = await findInstallation(client, namespace);
  const refusal = refusalOf(found, run);
  if (refusal !== undefined) {
    say(refusal);
    say("Nothing was changed.");
    return 2;
  }
  const steps = stepsOf(client, found, run);
  if (steps.length === 0) {
    const elsewhere = found.others.map((other) => other.namespace);
    const hint = elsewhere.length === 0 ? "" : ` There is one in ${printSome(elsewhere)}.`;
    say(`There is no Sluice in namespace ${namespace}.${hint}`);
    return 0;
  }
  say(run.dryRun ? `Would be done at ${run.server}:` : `Uninstalling from ${run.server}`);
  for (const { done, act } of steps) {
    try {
      if (!run.dryRun) await act();
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      say(`Not ${done}: ${error.message}`);
      say("Run this command again for the rest.");
      return 2;
    }
    say(`  ${done}`);
  }
  for (const line of remarksOn(found, run)) say(line);
  return 0;
}

function refusalOf(found: FoundInstallation, { namespace, force }: UninstallRun): string | undefined {
  for (const { metadata } of found.objects) {
    const release = helmRelease(recordOf(recordOf(metadata)["annotations"]));
    if (release === undefined) continue;
    const name = release.slice(release.indexOf("/") + 1);
    return `The Sluice in namespace ${namespace} belongs to the Helm release ${release}. Remove it with helm uninstall ${name} --namespace ${namespace}, and then run this command again for what Helm leaves.`;
  }
  const served = servedGateways(found);
  if (served.length === 0 || force) return undefined;
  return `Gateways are served by this installation and would lose their data planes: ${printSome(served)}. Delete them first, or use --force.`;
}

/** Gateways that nobody serves when this installation is gone. */
function servedGateways({ classes, controllerNames }: FoundInstallation): readonly string[] {
  return classes.flatMap(({ controllerName, gateways }) => (controllerNames.includes(controllerName) ? gateways : []));
}

function stepsOf(client: KubeClient, found: FoundInstallation, run: UninstallRun): readonly Step[] {
  const removal = (object: KubeObject): Step => ({
    done: `removed ${printInstalled(object)}`,
    act: () => removeInstalled(client, object),
  });
  const ofKind = (...kinds: readonly string[]) => found.objects.filter(({ kind }) => kinds.includes(String(kind)));
  const rest = found.objects.filter((object) => !ofKind("Namespace", "Deployment", "GatewayClass").includes(object));
  const definitions = found.others.length === 0 ? found.definitions : [];
  return [
    // First who would make anew, or write again, what goes after it.
    ...ofKind("Deployment").map((object) => ({
      done: `removed ${printInstalled(object)}`,
      act: async () => {
        await removeInstalled(client, object);
        await podsAreGone(client, run);
      },
    })),
    ...rest.toReversed().map(removal),
    ...found.dataPlanes.map((live) => ({
      done: `removed ${printDataPlane(live)}`,
      act: () => removeDataPlane(client, live),
    })),
    ...found.classes.flatMap((state) => classStep(client, state, found, run.namespace)),
    ...found.kept.map(({ shown, path, object }) => ({
      done: `removed ${shown}`,
      act: () => removeObject(client, object, path),
    })),
    ...(run.purge ? [...ofKind("Namespace"), ...definitions].map(removal) : []),
  ];
}

/** A class of the installation goes; of any other, only what the controller wrote on it. */
function classStep(
  client: KubeClient,
  state: ClassState,
  found: FoundInstallation,
  installation: string,
): readonly Step[] {
  const { name, controllerName, claimedBy, finalizers, gateways } = state;
  const isServed = found.controllerNames.includes(controllerName);
  const object = found.objects.find((one) => printInstalled(one) === `GatewayClass ${name}`);
  if (object !== undefined && (isServed || gateways.length === 0)) {
    const act = async () => {
      await markClass(client, name, { finalizer: "remove", claimedBy: "" });
      await removeInstalled(client, object);
    };
    return [{ done: `removed GatewayClass ${name}`, act }];
  }
  if (isServed && (claimedBy === installation || finalizers.includes(classFinalizer))) {
    const act = () => markClass(client, name, { finalizer: "remove", claimedBy: "" });
    return [{ done: `released GatewayClass ${name}`, act }];
  }
  const heir = found.others.find((other) => other.controllerName === controllerName);
  if (claimedBy !== installation || heir === undefined) return [];
  const act = () => markClass(client, name, { finalizer: "keep", claimedBy: heir.namespace });
  return [{ done: `left GatewayClass ${name} to the Sluice in namespace ${heir.namespace}`, act }];
}

async function podsAreGone(client: KubeClient, { namespace, say, waitMs, pollMs = 1000 }: UninstallRun): Promise<void> {
  const endMs = performance.now() + waitMs;
  const pods = { group: "", version: "v1", plural: "pods", namespace };
  while ((await listAll(client, pods, controllerSelector)).length > 0) {
    if (performance.now() >= endMs) return say("  the controller's pods are still stopping");
    await pause(pollMs);
  }
}

function remarksOn(found: FoundInstallation, { namespace, purge, force }: UninstallRun): readonly string[] {
  const served = servedGateways(found);
  const kept = found.objects.filter(({ kind }) => kind === "Namespace").map(printInstalled);
  if (found.definitions.length > 0) {
    const count = found.gatewayConfigs;
    kept.push(`the definitions of Sluice's kinds, with ${count} ${count === 1 ? "GatewayConfig" : "GatewayConfigs"}`);
  }
  return [
    ...(force && served.length > 0 ? [`These Gateways are no longer served: ${printSome(served)}.`] : []),
    ...(!purge && kept.length > 0
      ? [`Kept ${kept.join(" and ")}. To remove these too: sluice uninstall --namespace ${namespace} --purge`]
      : []),
    ...(purge && found.others.length > 0 && found.definitions.length > 0
      ? ["Kept the definitions of Sluice's kinds: another Sluice in the cluster needs them."]
      : []),
  ];
}
