import { setTimeout as pause } from "node:timers/promises";
import type { ExitCode } from "../../base/exit-code.ts";
import { type KubeClient, KubeError, type KubeObject } from "../../kube/kube-client.ts";
import { gatewayApiVersion } from "../../resource/gateway-api-version.ts";
import type { Installation } from "../installation.ts";
import { isTooOld, oldestMinor } from "../kubernetes-version.ts";
import { controllerName } from "../names.ts";
import type { InstallOptions } from "../options.ts";
import { installedPath, printInstalled } from "../resource-path.ts";
import { listInstallations } from "./controllers.ts";
import { listClasses, markClass } from "./gateway-classes.ts";
import { missingNamespaces } from "./missing-namespaces.ts";
import { preflight } from "./preflight.ts";
import { prune } from "./prune.ts";

export type InstallRun = {
  readonly options: InstallOptions;
  readonly say: (line: string) => void;
  /** Address of the API server, for messages. */
  readonly server: string;
  /** How long the controller may take to become ready; 0: nobody waits. */
  readonly waitMs: number;
  /** Between looks at the Deployment. Default 1,000 ms. */
  readonly pollMs?: number;
};

const fieldManager = "sluice-install";
const release = `https://github.com/kubernetes-sigs/gateway-api/releases/download/${gatewayApiVersion}`;

/**
 * Looks first whether anything is in the way, applies the objects in their order, waits for the controller, removes what the
 * installation no longer consists of, and says what is missing. 0: installed, and ready unless nobody waits. 1: installed, and
 * not everything works yet. 2: nothing was changed, or the API server refused an object.
 */
export async function installInto(
  client: KubeClient,
  objects: readonly KubeObject[],
  run: InstallRun,
): Promise<ExitCode> {
  const { say, options, waitMs, pollMs = 1000 } = run;
  say(`Installing into ${run.server}`);
  const version = await client.raw("/version");
  if (isTooOld(version)) {
    const { gitVersion } = version as { readonly gitVersion?: string };
    say(`The cluster runs Kubernetes ${gitVersion}, but Sluice needs 1.${oldestMinor} or newer. Nothing was changed.`);
    return 2;
  }
  const missing = await missingNamespaces(client, objects);
  if (missing.length > 0) {
    say(
      `The cluster has no namespace ${missing.join(", ")}. Create it, or remove it from the options. Nothing was changed.`,
    );
    return 2;
  }
  const gatewayApi = await findGatewayApi(client);
  const installations = await listInstallations(client);
  const others = installations.filter(({ namespace }) => namespace !== options.namespace);
  const wanted = objects.filter(({ kind }) => kind !== "GatewayClass" || gatewayApi !== undefined);
  const looked = await preflight(client, wanted, { installation: options, others, say, waitMs, pollMs });
  if (looked.problems.length > 0) {
    for (const problem of looked.problems) say(problem);
    say("Nothing was changed.");
    return 2;
  }
  if (!(await applyAll(client, looked.objects, say))) return 2;
  for (const object of objects) if (!wanted.includes(object)) say(`  left out ${printInstalled(object)}`);
  await takeCharge(client, run, others);
  const ready = waitMs === 0 || (await becomesReady(client, objects, run));
  // The controller from before still needs what goes now.
  if (ready) {
    const before = installations.find(({ namespace }) => namespace === options.namespace);
    await prune(client, { objects: wanted, installation: options, before, others, say });
  } else {
    say(
      "To remove what the previous options left behind, run this command again once the controller can become ready.",
    );
  }
  for (const line of gatewayApiAdvice(gatewayApi)) say(line);
  return ready && gatewayApi !== undefined ? 0 : 1;
}

async function applyAll(client: KubeClient, objects: readonly KubeObject[], say: InstallRun["say"]): Promise<boolean> {
  for (const object of objects) {
    const shown = printInstalled(object);
    try {
      await client.patch(installedPath(object), object, { type: "apply", fieldManager });
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      say(`${shown} could not be applied: ${error.message}`);
      return false;
    }
    say(`  applied ${shown}`);
  }
  return true;
}

/** Classes that were left in the charge of an installation that is not there any more. */
async function takeCharge(
  client: KubeClient,
  { options, say }: InstallRun,
  others: readonly Installation[],
): Promise<void> {
  for (const { name, controllerName, claimedBy } of await listClasses(client)) {
    if (controllerName !== options.controllerName || claimedBy === "" || claimedBy === options.namespace) continue;
    if (others.some(({ namespace }) => namespace === claimedBy)) continue;
    await markClass(client, name, { finalizer: "keep", claimedBy: options.namespace });
    say(`  took GatewayClass ${name} over from the Sluice that was in namespace ${claimedBy}`);
  }
}

/** Which Gateway API a cluster has. Texts are what its definitions say of themselves. */
type GatewayApi = { readonly version: string; readonly channel: string };

async function findGatewayApi(client: KubeClient): Promise<GatewayApi | undefined> {
  const path = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
  try {
    const definition = await client.get({ ...path, name: "gatewayclasses.gateway.networking.k8s.io" });
    const { annotations = {} } = definition["metadata"] as { annotations?: Readonly<Record<string, string>> };
    return {
      version: annotations["gateway.networking.k8s.io/bundle-version"] ?? "unknown",
      channel: annotations["gateway.networking.k8s.io/channel"] ?? "unknown",
    };
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

function gatewayApiAdvice(found: GatewayApi | undefined): readonly string[] {
  const commands = [
    `  kubectl apply --server-side -f ${release}/standard-install.yaml`,
    `  kubectl apply --server-side -f ${release}/experimental-install.yaml   # with the experimental kinds and fields`,
  ];
  if (found === undefined) {
    return [
      `The cluster has no Gateway API, so there is nothing to serve yet. Install ${gatewayApiVersion} with one of`,
      ...commands,
      "and then run this command again for the GatewayClass.",
    ];
  }
  const words = `Gateway API ${found.version}, ${found.channel} channel`;
  if (found.version === gatewayApiVersion) return [`The cluster has ${words}.`];
  return [`The cluster has ${words}; Sluice supports ${gatewayApiVersion}. To install it, use one of`, ...commands];
}

/** Whether the controller's Deployment is rolled out within the time. */
async function becomesReady(client: KubeClient, objects: readonly KubeObject[], run: InstallRun): Promise<boolean> {
  const deployment = objects.find(({ kind }) => kind === "Deployment");
  if (deployment === undefined) return true;
  const path = installedPath(deployment);
  const endMs = performance.now() + run.waitMs;
  run.say(`Waiting for Deployment ${path.namespace}/${path.name}`);
  let last = "";
  for (;;) {
    const progress = rolloutOf(await client.get(path));
    if (progress === undefined) {
      run.say("The controller is ready.");
      return true;
    }
    if (progress !== last) run.say(`  ${progress}`);
    last = progress;
    if (performance.now() >= endMs) break;
    await pause(run.pollMs ?? 1000);
  }
  run.say(
    `The controller is not ready after ${Math.round(run.waitMs / 1000)} s. See: kubectl -n ${path.namespace} describe pods -l app.kubernetes.io/component=controller, and: kubectl -n ${path.namespace} logs deployment/${controllerName}`,
  );
  return false;
}

type DeploymentState = {
  readonly metadata?: { readonly generation?: number };
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
};

/** What a rollout still waits for; `undefined` when it is done. */
function rolloutOf(deployment: KubeObject): string | undefined {
  const { metadata, spec, status } = deployment as DeploymentState;
  const wanted = spec?.replicas ?? 1;
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return "the rollout has not begun";
  const { updatedReplicas = 0, availableReplicas = 0, replicas = updatedReplicas } = status ?? {};
  if (updatedReplicas >= wanted && availableReplicas >= wanted)
    return replicas > updatedReplicas ? "pods of the previous release are still running" : undefined;
  return `${Math.min(updatedReplicas, availableReplicas)} of ${wanted} pods are ready`;
}
