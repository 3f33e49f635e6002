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
          signInURL: optional(
            text({
              min: 1,
              max: 1024,
              pattern: /^(https?:\/\/[A-Za-z0-9[][!-"$-~]*|\/([!-"$-.0-[\]-~][!-"$-~]*)?)$/,
              words: "a URL such as `https://auth.example.com/oauth2/start`, or a path, without a fragment",
            }),
            "Where browsers are sent that it answers 401. A field of Sluice's own.",
          ),
          signInParameter: optional(
            text({ min: 1, max: 64, pattern: /^[A-Za-z0-9_.-]+$/, words: "the name of a query parameter" }),
            "Parameter of signInURL for the address that was asked for. Default: rd. A field of Sluice's own.",
          ),
          headersToClient: optional(
            listOf(headerName, { max: 64 }),
            "Headers of a permission that clients are told, such as Set-Cookie. A field of Sluice's own.",
          ),
          cache: optional(
            z.object({
              ttl: duration.describe("For how long a permission holds; at most 1h counts."),
              by: optional(
                z.enum(["Request", "Credentials"]),
                "What must be the same: all that it is told, or host and headers alone. Default: Request.",
              ),
            }),
            "Remembers its permissions. A field of Sluice's own.",
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
