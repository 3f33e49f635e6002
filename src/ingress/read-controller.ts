import type { Snapshot } from "../store/snapshot.ts";
import type { ControllerConfig } from "./controller-config.ts";
import type { IngressOptions } from "./ingress-options.ts";

/** The configuration of the controller that is replaced: its ConfigMap, and its arguments under their names without dashes. */
export function readController(snapshot: Snapshot, options: IngressOptions): ControllerConfig {
  const { namespace, name } = options.configMap;
  const configMap = snapshot.get("ConfigMap", namespace, name);
  const values = new Map(Object.entries(configMap?.data ?? {}));
  for (const argument of options.arguments) {
    const [, key = "", value = "true"] = /^--?([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (key !== "") values.set(key, value);
  }
  return { configMap, value: (key) => values.get(key) };
}
