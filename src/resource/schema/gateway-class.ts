import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { parametersReference } from "./object-reference.ts";
import { controllerName, text } from "./text.ts";

/** Spec: GatewayClassSpec. */
export const gatewayClassSpec = z.object({
  controllerName,
  parametersRef: z.exactOptional(parametersReference),
  description: z.exactOptional(text({ max: 64 })),
});

export type GatewayClassSpec = DeepReadonly<z.output<typeof gatewayClassSpec>>;
