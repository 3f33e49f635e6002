import { UsageError } from "../../base/usage-error.ts";
import { type KubeClient, KubeError, type ResourcePath } from "../../kube/kube-client.ts";
import { readMoveState, writeMoveState } from "../../migrate/move/move-state.ts";
import type { MoveChange } from "../../migrate/move/stage-changes.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import { splitApiVersion } from "../../resource/kind-version.ts";
import { kindOf, kinds } from "../../resource/kinds.ts";
import { metadataOf, objectsOf } from "../../resource/written-object.ts";
import type { MoveTarget } from "./move-target.ts";

const fieldManager = "sluice-migrate";
const stateName = "sluice-migrate";
const stateKey = "hosts.json";

/** Stages in the ConfigMap `sluice-migrate` of a namespace; changes go to the API server, in order. */
export function clusterTarget(client: KubeClient, namespace: string): MoveTarget {
  const listPath: ResourcePath = { group: "", version: "v1", plural: "configmaps", namespace };
  const statePath: ResourcePath = { ...listPath, name: stateName };
  // Of the state that was read: two people who move at once must not undo each other's step.
  let resourceVersion: unknown;
  return {
    readState: async () => {
      const found = await client.get(statePath).catch(absent);
      if (found === undefined) return [];
      resourceVersion = metadataOf(found)["resourceVersion"];
      const state = readMoveState(String((found["data"] as JsonObject | undefined)?.[stateKey] ?? ""));
      if ("problem" in state)
        throw new UsageError(
          `ConfigMap ${namespace}/${stateName} does not hold the stages of hosts: ${state.problem}.`,
        );
      return state;
    },
    carryOut: async (changes, _name, state) => {
      for (const change of changes) await carryOut(client, change);
      const object = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: stateName, namespace },
        data: { [stateKey]: writeMoveState(state) },
      };
      if (resourceVersion === undefined) await client.create(listPath, object);
      else await client.replace(statePath, { ...object, metadata: { ...object.metadata, resourceVersion } });
    },
    remains: () => "",
  };
}

async function carryOut(client: KubeClient, { kind, object }: MoveChange): Promise<void> {
  const path = await pathOf(client, object);
  if (kind === "delete") await client.delete(path).catch(absent);
  else await client.patch(path, object, { type: kind === "merge" ? "merge" : "apply", fieldManager });
}

async function pathOf(client: KubeClient, object: JsonObject): Promise<ResourcePath> {
  const { group, version } = splitApiVersion(String(object["apiVersion"]));
  const { name, namespace } = metadataOf(object);
  const { plural, namespaced } = await resourceOf(client, { group, version, kind: String(object["kind"]) });
  return {
    group,
    version,
    plural,
    name: String(name),
    ...(namespaced ? { namespace: String(namespace ?? "default") } : {}),
  };
}

type Named = { readonly group: string; readonly version: string; readonly kind: string };

/** Of a kind in the table, or of one that the API server knows, such as cert-manager's. */
async function resourceOf(
  client: KubeClient,
  { group, version, kind }: Named,
): Promise<{ readonly plural: string; readonly namespaced: boolean }> {
  const known = kindOf(group, kind);
  if (known !== undefined) return { plural: kinds[known].plural, namespaced: kinds[known].scope === "Namespaced" };
  const found = await client.raw(group === "" ? `/api/${version}` : `/apis/${group}/${version}`).catch(absent);
  const resources = isJsonObject(found) ? objectsOf(found["resources"]) : [];
  const resource = resources.find((each) => each["kind"] === kind && !String(each["name"]).includes("/"));
  if (resource === undefined) throw new UsageError(`The cluster has no kind ${kind} of ${group}/${version}.`);
  return { plural: String(resource["name"]), namespaced: resource["namespaced"] === true };
}

function absent(error: unknown): undefined {
  if (error instanceof KubeError && error.status === 404) return undefined;
  throw error;
}
