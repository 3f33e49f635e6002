import { z } from "zod";
import { cel } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { backendObjectReference, backendRefFields, portRule } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { backendSettings } from "./cluster-settings.ts";

/** What {@link portRule} says, in CEL. */
export const portCel = cel(
  "self.group == 'gateway.networking.x-k8s.io' && self.kind == 'XBackend' ? !has(self.port) : has(self.port) || self.group != '' || self.kind != 'Service'",
  "a Service needs a port, and an XBackend has its own",
);

const backendRef = z
  .object({
    ...backendRefFields,
    fallback: optional(z.boolean(), "Gets requests only when others are not healthy."),
  })
  .check(portRule)
  .meta(portCel);

/** What a policy itself sends requests to. Spec: BackendCluster. */
export const backendCluster = {
  backendRef: optional(backendObjectReference.meta(portCel), "The service. Deprecated: use backendRefs."),
  backendRefs: optional(listOf(backendRef, { max: 16 }), "The service: Services or Backends."),
  backendSettings: optional(backendSettings, "How requests to it are made."),
};
