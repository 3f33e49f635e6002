import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listeners } from "./listener.ts";
import { gatewayGroup } from "./object-reference.ts";
import { group, kindName, namespaceName, objectName } from "./text.ts";

/** Spec: ListenerSetSpec (GEP-1713). */
export const listenerSetSpec = z.object({
  parentRef: z.object({
    group: group.default(gatewayGroup),
    kind: kindName.default("Gateway"),
    name: objectName,
    namespace: z.exactOptional(namespaceName),
  }),
  listeners,
});

export type ListenerSetSpec = DeepReadonly<z.output<typeof listenerSetSpec>>;
