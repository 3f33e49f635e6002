import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listOf } from "./list.ts";
import { group, kindName, namespaceName, objectName } from "./text.ts";

/** Spec: ReferenceGrantSpec. */
export const referenceGrantSpec = z.object({
  from: listOf(z.object({ group, kind: kindName, namespace: namespaceName }), { min: 1, max: 16 }),
  to: listOf(z.object({ group, kind: kindName, name: z.exactOptional(objectName) }), { min: 1, max: 16 }),
});

export type ReferenceGrantSpec = DeepReadonly<z.output<typeof referenceGrantSpec>>;
