import { UsageError } from "../../base/usage-error.ts";
import type { Finding } from "../../finding/finding.ts";
import { initialState } from "../../migrate/move/advance.ts";
import { type MoveInput, type MoveUnit, readMoveInput } from "../../migrate/move/move-unit.ts";
import type { MoveOptions } from "../../migrate/move/stage-changes.ts";
import type { HostState } from "../../migrate/move/stages.ts";
import type { JsonObject } from "../../resource/json.ts";
import { validateObject } from "../../resource/validate-object.ts";
import { nameOf } from "../../resource/written-object.ts";
import { readObjects } from "../../source/folder/read-objects.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { openClusterClient } from "../cluster-client.ts";
import { readCluster } from "../cluster-objects.ts";
import type { CommandInput } from "../command.ts";
import { compileSnapshot } from "../compile-snapshot.ts";
import type { CommandName } from "../flags.ts";
import { unreadableMessage } from "../read-paths.ts";
import { clusterTarget } from "./cluster-target.ts";
import { fileTarget } from "./file-target.ts";
import type { FactSources } from "./gather-facts.ts";
import type { MoveTarget } from "./move-target.ts";

/** All that the commands of a move need; what it holds open is closed when it goes out of scope. */
export type Move = AsyncDisposable & {
  readonly input: MoveInput;
  readonly options: MoveOptions;
  readonly target: MoveTarget;
  readonly states: readonly HostState[];
  readonly sources: FactSources;
};

/** Reads Ingresses and converted objects from files, with `--cluster` the Ingresses of the cluster too, and the stages of hosts. */
export async function openMove(command: CommandName, { args, flags }: CommandInput): Promise<Move> {
  const files = await readObjects(args, { stdin: process.stdin });
  if (files.unreadable) throw new UsageError(unreadableMessage(files.findings));
  await using opened = new AsyncDisposableStack();
  const objects = files.objects.map(({ raw }) => raw);
  let target = fileTarget(flags.stateFile, flags.moveFolder);
  if (flags.cluster) {
    const cluster = opened.use(await openClusterClient(flags, "sluice-migrate"));
    objects.push(...(await readCluster(cluster.client)).objects);
    target = clusterTarget(cluster.client, flags.installNamespace ?? "sluice-system");
  }
  const input = readMoveInput(objects);
  const [namespace = "", name = "", ...rest] = flags.oldService.split("/");
  if (name === "" || rest.length > 0)
    throw new UsageError(`"${flags.oldService}" is not a Service. Write namespace/name.`);
  const problems = problemsByRoute(command, objects, flags);
  const kept = opened.move();
  return {
    input,
    options: { base: input.base, oldService: { namespace, name } },
    target,
    states: await target.readState(),
    sources: {
      problemsOf: (route) => problems.get(nameOf(route)) ?? [],
      oldAddress: flags.oldAddress,
      newAddress: flags.newAddress,
      forwardedHeaders: believesForwarded(objects),
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What the compiler finds wrong with routes, by `namespace/name`. Certificates may be where the files are not. */
function problemsByRoute(
  command: CommandName,
  objects: readonly JsonObject[],
  flags: CommandInput["flags"],
): ReadonlyMap<string, readonly string[]> {
  const read = objects.map((raw) => validateObject(raw));
  const snapshot = createSnapshot(read.flatMap(({ resource }) => (resource === undefined ? [] : [resource])));
  const { findings } = compileSnapshot(command, snapshot, { ...flags, adoptClasses: true, selfSigned: true });
  const wrong: readonly Finding[] = [...read.flatMap((object) => object.findings), ...findings].filter(
    ({ severity, object }) => severity === "error" && /Route$/.test(object.kind),
  );
  const byRoute = Map.groupBy(wrong, ({ object }) => `${object.namespace ?? "default"}/${object.name}`);
  return new Map([...byRoute].map(([name, own]) => [name, own.map(({ message }) => message)]));
}

/** `use-forwarded-headers` of the controller's ConfigMap; `undefined`: the ConfigMap is not there. */
function believesForwarded(objects: readonly JsonObject[]): boolean | undefined {
  const configMap = objects.find(
    (object) => object["kind"] === "ConfigMap" && /ingress-nginx-controller$/.test(nameOf(object)),
  );
  if (configMap === undefined) return undefined;
  const { data } = configMap as { readonly data?: Readonly<Record<string, unknown>> };
  return data?.["use-forwarded-headers"] === "true";
}

/** The unit of a host, and where it is. Throws a {@link UsageError} for a host that nobody has. */
export function findUnit(
  { input, states }: Move,
  host: string | undefined,
): { readonly unit: MoveUnit; readonly state: HostState } {
  if (host === undefined) throw new UsageError("Say which host, with --host.");
  const unit = input.units.find(({ hostnames }) => hostnames.includes(host.toLowerCase()));
  if (unit === undefined) throw new UsageError(`No Ingress and no converted route has rules for ${host}.`);
  return { unit, state: stateOf(unit, states) };
}

/** Hosts of a unit are in the same stage; one that joined later counts as the furthest of them. */
export function stateOf({ hostnames }: MoveUnit, states: readonly HostState[]): HostState {
  const known = states.find(({ hostname }) => hostnames.includes(hostname));
  return { ...(known ?? initialState("")), hostname: hostnames[0] ?? "" };
}
