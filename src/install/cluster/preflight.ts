import { setTimeout as pause } from "node:timers/promises";
import { recordOf } from "../../base/untrusted-json.ts";
import type { KubeClient, KubeObject } from "../../kube/kube-client.ts";
import type { Installation } from "../installation.ts";
import { ownerOf } from "../ownership.ts";
import { installedPath, printInstalled } from "../resource-path.ts";
import { type ClassState, listClasses, markClass, printSome } from "./gateway-classes.ts";
import { isBeingDeleted, orAbsent } from "./own-objects.ts";

export type PreflightOptions = {
  readonly installation: Installation;
  /** All others in the cluster. */
  readonly others: readonly Installation[];
  readonly say: (line: string) => void;
  /** How long what is being deleted may take to go. */
  readonly waitMs: number;
  /** Between two looks at it. Milliseconds. */
  readonly pollMs: number;
};

export type Preflight = {
  /** Why the objects cannot be applied; empty when they can. One sentence each, and what to do. */
  readonly problems: readonly string[];
  /** Those to apply: all but a namespace that somebody else has made. */
  readonly objects: readonly KubeObject[];
};

/** Looks whether an installation would change what is not its own, or what is about to go, before anything is changed. */
export async function preflight(
  client: KubeClient,
  objects: readonly KubeObject[],
  options: PreflightOptions,
): Promise<Preflight> {
  const classes = await listClasses(client);
  const problems = sharedName(options);
  const applied: KubeObject[] = [];
  /** Objects of others, by what is said of them. */
  const foreign = new Map<string, string[]>();
  for (const object of objects) {
    // Definitions belong to the cluster: every installation brings the same.
    if (object["kind"] === "CustomResourceDefinition") {
      applied.push(object);
      continue;
    }
    const verdict = await judge(client, object, { ...options, classes });
    if (verdict.kind === "apply") applied.push(object);
    else if (verdict.kind === "problem") problems.push(verdict.problem);
    else if (verdict.kind === "foreign")
      foreign.set(verdict.why, [...(foreign.get(verdict.why) ?? []), printInstalled(object)]);
  }
  for (const [why, [first = "", ...more]] of foreign) {
    const others = more.length === 0 ? "" : ` (and ${more.length} more ${more.length === 1 ? "object" : "objects"})`;
    problems.push(`${first}${others} belongs to ${why}`);
  }
  return { problems, objects: applied };
}

function sharedName({ installation: { controllerName }, others }: PreflightOptions): string[] {
  return others
    .filter((other) => other.controllerName === controllerName)
    .map(
      (other) =>
        `The Sluice in namespace ${other.namespace} already has the controllerName ${controllerName}. Choose another with --set controllerName=example.com/NAME --set gatewayClass.name=NAME.`,
    );
}

/** `keep`: it stays as it is, and that is no obstacle. */
type Verdict =
  | { readonly kind: "apply" | "keep" }
  | { readonly kind: "problem"; readonly problem: string }
  /** `why`: what follows "belongs to". */
  | { readonly kind: "foreign"; readonly why: string };

const obstacle = (problem: string): Verdict => ({ kind: "problem", problem });

type JudgeOptions = PreflightOptions & { readonly classes: readonly ClassState[] };

async function judge(client: KubeClient, object: KubeObject, options: JudgeOptions): Promise<Verdict> {
  const { installation, classes, say } = options;
  const kind = String(object["kind"]);
  const shown = printInstalled(object);
  let live = await orAbsent(client.get(installedPath(object)));
  const state = kind === "GatewayClass" ? classes.find(({ name }) => name === nameOf(object)) : undefined;
  if (live !== undefined && isBeingDeleted(live)) {
    const gateways = state?.gateways ?? [];
    if (gateways.length > 0) {
      return obstacle(
        `${shown} is being deleted, but stays until no Gateway uses it (${printSome(gateways)}). Delete these Gateways, or name another class with --set gatewayClass.name=NAME.`,
      );
    }
    // No controller may be there that takes it off.
    if (state?.controllerName === installation.controllerName)
      await markClass(client, state.name, { finalizer: "remove", claimedBy: "" });
    live = await goneInTime(client, object, options);
    if (live !== undefined) {
      const finalizers = recordOf(live["metadata"])["finalizers"];
      const held = Array.isArray(finalizers) ? `, held by the finalizers ${finalizers.join(", ")}` : "";
      return obstacle(`${shown} is still being deleted${held}. Run this command again when it is gone.`);
    }
  }
  if (live === undefined) return { kind: "apply" };
  const owner = ownerOf(live, installation.namespace);
  if (owner.kind === "other") {
    if (kind !== "Namespace") return { kind: "foreign", why: `${owner.words}. ${adviceOn(kind, owner.words)}` };
    say(`  kept ${shown} as it is: this command did not create it`);
    return { kind: "keep" };
  }
  if (state !== undefined && state.controllerName !== installation.controllerName) {
    return obstacle(
      `${shown} has the controllerName ${state.controllerName}, which cannot be changed. Name another class with --set gatewayClass.name=NAME, or delete this one first.`,
    );
  }
  return { kind: "apply" };
}

function adviceOn(kind: string, owner: string): string {
  if (owner.startsWith("the Helm release")) return "Change that installation with helm upgrade.";
  return kind === "GatewayClass"
    ? "Name another with --set gatewayClass.name=NAME, or use it as it is with --set gatewayClass.create=false."
    : "Install into another namespace with --namespace, or delete it first.";
}

/** The object as it still is after the time; `undefined` when it is gone. */
async function goneInTime(
  client: KubeClient,
  object: KubeObject,
  { say, waitMs, pollMs }: PreflightOptions,
): Promise<KubeObject | undefined> {
  const endMs = performance.now() + waitMs;
  const path = installedPath(object);
  let live = await orAbsent(client.get(path));
  if (live !== undefined && waitMs > 0) say(`Waiting until ${printInstalled(object)} is deleted`);
  while (live !== undefined && performance.now() < endMs) {
    await pause(pollMs);
    live = await orAbsent(client.get(path));
  }
  return live;
}

const nameOf = (object: KubeObject): string => installedPath(object).name;
