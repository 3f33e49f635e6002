import { z } from "zod";
import { exactlyOne, fieldOfType, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { localObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { duration, headerName, text } from "../text.ts";
import { backendCluster } from "./backend-cluster.ts";

const contextExtension = withRules(
  z.object({
    name: text({ min: 1, max: 253 }).describe("Its name."),
    type: z.enum(["Value", "ValueRef"]).describe("Where the value stands."),
    value: optional(text({ max: 4096 }), "The value itself."),
    valueRef: optional(
      localObjectReference.extend({ key: text({ min: 1, max: 253 }).describe("Key of the value.") }),
      "ConfigMap or Secret in the same namespace with the value.",
    ),
  }),
  fieldOfType("type", { Value: "value", ValueRef: "valueRef" }),
);

/** Spec: ExtAuth. */
export const extAuth = withRules(
  z.object({
    grpc: optional(withRules(z.object(backendCluster), exactlyOne("backendRef", "backendRefs")), "A gRPC service."),
    http: optional(
      withRules(
        z.object({
          ...backendCluster,
          path: optional(text({ min: 1, max: 1024 }), "What the path of the request to it begins with."),
          pathOverride: optional(
            text({ min: 1, max: 1024 }),
            "Path of the request to it, without that of the client's request.",
          ),
          headersToBackend: optional(listOf(headerName, { max: 64 }), "Headers of its answer that backends are told."),
        }),
        exactlyOne("backendRef", "backendRefs"),
      ),
      "An HTTP service.",
    ),
    headersToExtAuth: optional(
      listOf(headerName, { max: 64 }),
      "Headers of the request that it is told. Default: all with gRPC, Authorization with HTTP.",
    ),
    bodyToExtAuth: optional(
      z.object({ maxRequestBytes: z.int32().min(1).describe("Bytes of the content; more is answered with 413.") }),
      "Tells it the request's content too.",
    ),
    contextExtensions: optional(listOf(contextExtension, { max: 32 }), "Values that a gRPC service is told."),
    includeRouteMetadata: optional(z.boolean(), "Tells a gRPC service the route."),
    failOpen: z.boolean().default(false).describe("Lets requests through while the service does not answer."),
    recomputeRoute: optional(z.boolean(), "Chooses the route again, by headers of its answer too."),
    statusOnError: optional(z.int32().min(400).max(599), "Status while the service does not answer. Default: 403."),
    timeout: optional(duration, "Time that its answer may take. Default: 10s."),
  }),
  exactlyOne("grpc", "http"),
);
