/** What a controller's Deployment says of its installation. Pure. */
import { listOf, recordOf } from "../base/untrusted-json.ts";
import type { JsonObject } from "../resource/json.ts";
import { type InstallOptions, initialOptions } from "./options.ts";

/** The options that decide what an installation makes, and where. */
export type Installation = Pick<
  InstallOptions,
  "namespace" | "controllerName" | "plane" | "watchNamespaces" | "dataPlaneNamespaces" | "networkPolicy.create"
>;

/** Reads the arguments of the controller, so that it holds however the Deployment was made. */
export function readInstallation(deployment: JsonObject): Installation {
  const { namespace } = recordOf(deployment["metadata"]);
  const pod = recordOf(recordOf(recordOf(deployment["spec"])["template"])["spec"]);
  const args = listOf(recordOf(listOf(pod["containers"])[0])["args"]).map(String);
  const valuesOf = (flag: string) =>
    args.flatMap((arg) => (arg.startsWith(`${flag}=`) ? [arg.slice(flag.length + 1)] : []));
  const initial = initialOptions("");
  return {
    namespace: String(namespace),
    controllerName: valuesOf("--controller-name").at(-1) ?? initial.controllerName,
    plane: valuesOf("--plane").at(-1) ?? initial.plane,
    watchNamespaces: valuesOf("--watch-namespace"),
    dataPlaneNamespaces: valuesOf("--data-plane-namespace"),
    "networkPolicy.create": args.includes("--data-plane-network-policy"),
  };
}
