/** GatewayClasses and what uses them, as installing and uninstalling see them. */
import { listOf, recordOf } from "../../base/untrusted-json.ts";
import { type KubeClient, KubeError, type KubeObject } from "../../kube/kube-client.ts";
import { installationAnnotation } from "../../resource/installation-annotation.ts";
import { kinds } from "../../resource/kinds.ts";
import { classFinalizer } from "../../status/writer/class-finalizers.ts";
import { installedKinds } from "../resource-path.ts";
import { listAll, orAbsent } from "./own-objects.ts";

/** What is read of a GatewayClass. */
export type ClassState = {
  readonly name: string;
  readonly controllerName: string;
  /** Namespace of the installation that is in charge; `""` when none is. */
  readonly claimedBy: string;
  readonly finalizers: readonly string[];
  /** `namespace/name` of the Gateways that name it, in their order. */
  readonly gateways: readonly string[];
};

const gatewayPath = { group: kinds.Gateway.group, version: kinds.Gateway.version, plural: kinds.Gateway.plural };
const markAttempts = 5;

/** All GatewayClasses; none where the cluster lacks the Gateway API. */
export async function listClasses(client: KubeClient): Promise<readonly ClassState[]> {
  const [classes, gateways] = await Promise.all([
    listAll(client, installedKinds.GatewayClass),
    listAll(client, gatewayPath),
  ]);
  const users = gateways.map((gateway) => {
    const { namespace, name } = recordOf(gateway["metadata"]);
    return { key: `${String(namespace)}/${String(name)}`, className: recordOf(gateway["spec"])["gatewayClassName"] };
  });
  return classes.map((object) => {
    const name = String(recordOf(object["metadata"])["name"]);
    return {
      ...{ name, ...marksOf(object) },
      controllerName: String(recordOf(object["spec"])["controllerName"]),
      gateways: users.flatMap(({ key, className }) => (className === name ? [key] : [])).sort(),
    };
  });
}

/** What controllers have written on a class. */
function marksOf(object: KubeObject): Pick<ClassState, "claimedBy" | "finalizers"> {
  const { annotations, finalizers } = recordOf(object["metadata"]);
  return {
    claimedBy: String(recordOf(annotations)[installationAnnotation] ?? ""),
    finalizers: listOf(finalizers).map(String),
  };
}

export type ClassMarks = {
  /** What becomes of the finalizer that keeps a class while Gateways use it. */
  readonly finalizer: "keep" | "remove";
  /** Who is to be in charge; `""` for nobody. */
  readonly claimedBy: string;
};

/** Changes what controllers have written on a class; nothing when it is so already, or the class is gone. */
export async function markClass(client: KubeClient, name: string, marks: ClassMarks): Promise<void> {
  const path = { ...installedKinds.GatewayClass, name };
  for (let attempt = 1; ; attempt++) {
    const object = await orAbsent(client.get(path));
    if (object === undefined) return;
    const live = marksOf(object);
    const finalizers = live.finalizers.filter((one) => marks.finalizer === "keep" || one !== classFinalizer);
    if (finalizers.length === live.finalizers.length && marks.claimedBy === live.claimedBy) return;
    const { uid, resourceVersion } = recordOf(object["metadata"]);
    const annotations = { [installationAnnotation]: marks.claimedBy === "" ? null : marks.claimedBy };
    const patch = { metadata: { uid, resourceVersion, finalizers, annotations } };
    try {
      await orAbsent(client.patch(path, patch, { type: "merge", fieldManager: "sluice-install" }));
      return;
    } catch (error) {
      // A controller wrote in between.
      if (!(error instanceof KubeError && error.status === 409) || attempt === markAttempts) throw error;
    }
  }
}

/** `shop/web, shop/api and 3 more`. */
export function printSome(names: readonly string[], limit = 5): string {
  const more = names.length - limit;
  return more > 0 ? `${names.slice(0, limit).join(", ")} and ${more} more` : names.join(", ");
}
