import type { ControllerConfig } from "./controller-config.ts";
import { goFlag } from "./go-value.ts";

/** A key of the controller's configuration that is true or false; anything else is what holds without it. */
export function controllerFlag(controller: ControllerConfig, key: string, otherwise: boolean): boolean {
  return goFlag(controller.value(key)?.trim() ?? "") ?? otherwise;
}
