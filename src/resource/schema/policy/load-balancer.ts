import { z } from "zod";
import { fieldOfType, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { bounded } from "../map.ts";
import { optional } from "../optional.ts";
import { duration, headerName, portNumber, text } from "../text.ts";
import { uint32 } from "./sizes.ts";

const named = z.object({ name: text({ min: 1, max: 256 }).describe("Its name.") });

const consistentHash = withRules(
  z.object({
    type: z
      .enum(["SourceIP", "Header", "Headers", "Cookie", "QueryParams"])
      .describe("What the endpoint follows from."),
    header: optional(named, "The header. Deprecated: use headers."),
    headers: optional(listOf(named, { min: 1, max: 16 }), "The headers."),
    cookie: optional(
      z.object({
        name: text({ min: 1, max: 256 }).describe("Its name."),
        ttl: optional(duration, "Its lifetime, where the gateway sets it. Default: it is not set."),
        attributes: optional(
          z
            .record(z.string(), text({ max: 1024 }))
            .check(bounded(16))
            .meta({ maxProperties: 16 }),
          "Its attributes, where the gateway sets it.",
        ),
      }),
      "The cookie.",
    ),
    queryParams: optional(listOf(named, { min: 1, max: 16 }), "The parameters of the query."),
    tableSize: z.int().min(2).max(5_000_011).default(65_537).describe("Entries of the table; a prime number."),
  }),
  fieldOfType("type", { Header: "header", Headers: "headers", Cookie: "cookie", QueryParams: "queryParams" }),
);

const zoneAware = z.object({
  preferLocal: optional(
    z.object({
      force: optional(
        z.object({
          minEndpointsInZoneThreshold: optional(uint32, "Endpoints that the zone must have. Default: 1."),
        }),
        "Keeps all requests in the zone.",
      ),
      minEndpointsThreshold: optional(z.int().min(0), "Endpoints that the backend must have. Default: 6."),
      percentageEnabled: optional(
        z.int32().min(0).max(100),
        "Percent of requests that keep to the zone. Default: 100.",
      ),
    }),
    "Prefers endpoints in the zone of the gateway.",
  ),
  weightedZones: optional(
    listOf(
      z.object({
        zone: text({ min: 1, max: 253 }).describe("Name of the zone."),
        weight: uint32.describe("Its share."),
      }),
      { max: 64 },
    ),
    "Shares of zones.",
  ),
});

const backendUtilization = z.object({
  blackoutPeriod: optional(duration, "Time in which a new endpoint's reports are not used."),
  weightExpirationPeriod: optional(duration, "Age from which a report is not used."),
  weightUpdatePeriod: optional(duration, "Time between computations of the weights."),
  errorUtilizationPenaltyPercent: optional(uint32, "Percent by which errors lower a weight."),
  metricNamesForComputingUtilization: optional(
    listOf(text({ min: 1, max: 253 }), { max: 16 }),
    "Reported metrics that count as utilization.",
  ),
  keepResponseHeaders: optional(z.boolean(), "Leaves the report's headers in answers."),
  outOfBand: optional(
    z.object({
      reportingPeriod: optional(duration, "Time between reports."),
      port: optional(portNumber, "Port of the reports."),
      authority: optional(text({ min: 1, max: 253 }), "Authority of the requests for reports."),
    }),
    "Reports outside of answers.",
  ),
});

/** Spec: LoadBalancer. */
export const loadBalancer = withRules(
  z.object({
    type: z
      .enum(["ConsistentHash", "LeastRequest", "Random", "RoundRobin", "BackendUtilization", "DynamicModule"])
      .describe("How an endpoint is chosen."),
    consistentHash: optional(consistentHash, "The same endpoint for requests that have something in common."),
    endpointOverride: optional(
      z.object({
        extractFrom: listOf(z.object({ header: optional(headerName, "Header with `address:port`.") }), {
          min: 1,
          max: 10,
        }).describe("Where the endpoint is named."),
      }),
      "Lets requests name their endpoint.",
    ),
    slowStart: optional(
      z.object({ window: duration.describe("Time until a new endpoint has its full share.") }),
      "Fewer requests for new endpoints at first.",
    ),
    zoneAware: optional(zoneAware, "Takes zones into account."),
    backendUtilization: optional(backendUtilization, "Weights by what endpoints report of their utilization."),
    dynamicModule: optional(
      z.object({
        name: text({ min: 1, max: 253 }).describe("Name of the module."),
        lbPolicyName: optional(text({ min: 1, max: 253 }), "Name of its policy."),
        config: optional(z.record(z.string(), z.unknown()), "Its configuration."),
      }),
      "A module of Envoy's.",
    ),
  }),
  fieldOfType("type", { ConsistentHash: "consistentHash" }),
  fieldOfType("type", { BackendUtilization: "backendUtilization", DynamicModule: "dynamicModule" }, "optional"),
  {
    judge: ({ type, slowStart }, report) => {
      if (slowStart !== undefined && (type === "Random" || type === "ConsistentHash"))
        report(["slowStart"], `is set, but type is ${type}`, "Remove it, or write type RoundRobin or LeastRequest.");
    },
    cel: {
      rule: "!has(self.slowStart) || !(self.type in ['Random', 'ConsistentHash'])",
      message: "slowStart needs type RoundRobin or LeastRequest",
    },
  },
  {
    judge: ({ type, zoneAware: zones }, report) => {
      if (zones !== undefined && type === "ConsistentHash")
        report(["zoneAware"], "is set, but type is ConsistentHash", "Remove it, or write another type.");
    },
    cel: {
      rule: "!has(self.zoneAware) || self.type != 'ConsistentHash'",
      message: "zoneAware does not go with type ConsistentHash",
    },
  },
);
