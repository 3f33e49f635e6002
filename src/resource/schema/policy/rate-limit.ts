import { z } from "zod";
import { atLeastOne, atMostOne, fieldOfType, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { backendObjectReference, secretObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { duration, text } from "../text.ts";
import { portCel } from "./backend-cluster.ts";
import { uint32 } from "./sizes.ts";
import { distinctMatch, httpMethod, pathMatch } from "./string-match.ts";

/** Which requests a limit is about. Spec: RateLimitSelectCondition; `claims` is our own. */
export const clientSelector = withRules(
  z.object({
    headers: optional(listOf(distinctMatch, { max: 16 }), "Headers that must all match."),
    methods: optional(
      listOf(
        z.object({
          value: httpMethod.describe("The method."),
          invert: z.boolean().default(false).describe("Matches every other method."),
        }),
        { max: 16 },
      ),
      "Methods of which one must match.",
    ),
    path: optional(pathMatch, "Path that must match."),
    queryParams: optional(listOf(distinctMatch, { max: 16 }), "Parameters of the query that must all match."),
    claims: optional(
      listOf(distinctMatch, { max: 16 }),
      "Claims of the client's token that must all match; for one inside another, both names with a `.` between. Sluice's own.",
    ),
    sourceCIDR: optional(
      z.object({
        type: z
          .enum(["Exact", "Distinct"])
          .default("Exact")
          .describe("Exact: the network counts as one client. Distinct: each address counts for itself."),
        value: text({ min: 1, max: 256 }).describe("Network of the client's address, such as 10.0.0.0/8."),
      }),
      "Network of the client's address.",
    ),
  }),
  atLeastOne("headers", "methods", "path", "queryParams", "claims", "sourceCIDR"),
);

const metadataKey = z.object({
  namespace: text({ min: 1, max: 253 }).describe("Namespace of the metadata."),
  key: text({ min: 1, max: 253 }).describe("Its key."),
});

const cost = withRules(
  z.object({
    from: z.enum(["Number", "Metadata"]).describe("Where the cost stands."),
    number: optional(z.int().min(0), "The cost."),
    metadata: optional(metadataKey, "Metadata of the request with the cost."),
  }),
  fieldOfType("from", { Number: "number", Metadata: "metadata" }, "optional"),
);

const rateLimitRule = z.object({
  clientSelectors: optional(
    listOf(clientSelector, { max: 8 }),
    "Requests that the rule is about: those that meet all of them. Default: every request.",
  ),
  limit: z
    .object({
      requests: uint32.describe("Requests in each unit of time."),
      unit: z.enum(["Second", "Minute", "Hour", "Day", "Week", "Month", "Year"]).describe("The unit of time."),
      burst: optional(
        uint32.min(1),
        "Requests that may come at once when there were none for long. Default: requests. Sluice's own.",
      ),
      fromMetadata: optional(metadataKey, "Metadata of the request that takes the place of the limit."),
    })
    .describe("How many requests there may be."),
  cost: optional(
    z.object({
      request: optional(cost, "Taken from the limit by each request. Default: 1."),
      response: optional(cost, "Taken from the limit by each answer. Default: nothing."),
    }),
    "What a request takes from the limit.",
  ),
  shared: optional(z.boolean(), "Counts the requests of all targets of the policy together. Default: each for itself."),
  shadowMode: optional(z.boolean(), "Counts and reports, but limits nothing."),
  xRateLimitHeaders: optional(
    z.enum(["Off", "DraftVersion03"]),
    "Whether answers have headers X-RateLimit. Default: as the ClientTrafficPolicy says.",
  ),
});

const counterRef = backendObjectReference.meta(portCel);

/** Spec: RateLimitSpec. */
export const rateLimit = withRules(
  z.object({
    type: optional(z.enum(["Global", "Local"]), "Deprecated: write global, local or both."),
    global: optional(
      withRules(
        z.object({
          rules: optional(
            listOf(rateLimitRule, { max: 128 }),
            "The limits; every one that fits counts. Without any, a policy may say who counts for those merged over it.",
          ),
          service: optional(
            z.object({
              backendRef: counterRef.describe("The service, which speaks envoy.service.ratelimit.v3 over gRPC."),
              domain: optional(text({ min: 1, max: 253 }), "Domain that its configuration has. Default: sluice."),
            }),
            "Counts by a rate limit service. Sluice's own.",
          ),
          redis: optional(
            z.object({
              backendRef: counterRef.describe("The server."),
              database: optional(z.int32().min(0).max(1023), "Number of the database. Default: 0."),
              username: optional(
                text({ min: 1, max: 253 }),
                "Name to log in with. Default: the server's default user.",
              ),
              passwordRef: optional(secretObjectReference, "Secret with the password, under the key `password`."),
            }),
            "Counts on a Redis or Valkey server. Sluice's own.",
          ),
          timeout: optional(duration, "How long a request waits for whoever counts. Default: 100ms. Sluice's own."),
          onFailure: optional(
            z.enum(["Open", "Closed"]),
            "Whether requests pass, or get 500, when whoever counts does not answer in time. Default: Open. Sluice's own.",
          ),
        }),
        atMostOne("service", "redis"),
      ),
      "Limits that all gateways count together, by a rate limit service or a Redis server.",
    ),
    statusCode: optional(
      z.int32().min(400).max(599),
      "Status of the answer to a request above a limit. Default: 429. Sluice's own.",
    ),
    local: optional(
      z.object({
        rules: optional(listOf(rateLimitRule, { max: 16 }), "The limits; of those that fit the strictest counts."),
      }),
      "Limits that each process of a gateway counts for itself.",
    ),
  }),
  atLeastOne("global", "local"),
);

/** Limits of the requests that are being answered at a time. Our own. */
export const concurrency = z.object({
  rules: listOf(
    z.object({
      clientSelectors: optional(
        listOf(clientSelector, { max: 8 }),
        "Requests that the rule is about: those that meet all of them. Default: every request.",
      ),
      requests: uint32.min(1).describe("Requests at a time."),
      shared: optional(
        z.boolean(),
        "Counts the requests of all targets of the policy together. Default: each for itself.",
      ),
    }),
    { min: 1, max: 16 },
  ).describe("The limits; every one that fits counts."),
  statusCode: optional(z.int32().min(400).max(599), "Status of the answer to a request above a limit. Default: 429."),
});
