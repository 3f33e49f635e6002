import { z } from "zod";
import { fieldOfType, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { duration, portNumber, preciseHostname, text } from "../text.ts";
import { httpStatus, uint32 } from "./sizes.ts";

const payload = withRules(
  z.object({
    type: z.enum(["Text", "Binary"]).describe("How the bytes are written."),
    text: optional(text({ max: 4096 }), "As text."),
    binary: optional(text({ max: 8192 }), "In Base64."),
  }),
  fieldOfType("type", { Text: "text", Binary: "binary" }),
);

const http = z.object({
  path: text({ min: 1, max: 1024 }).describe("Path of the request."),
  method: optional(text({ min: 1, max: 32 }), "Method of the request. Default: GET."),
  hostname: optional(preciseHostname, "Host header of the request. Default: the endpoint's address."),
  expectedStatuses: optional(listOf(httpStatus, { max: 64 }), "Statuses of a healthy endpoint. Default: 200."),
  retriableStatuses: optional(
    listOf(httpStatus, { max: 64 }),
    "Statuses that count towards unhealthyThreshold instead of failing at once.",
  ),
  expectedResponse: optional(payload, "What a healthy endpoint's answer contains."),
  requestBody: optional(payload, "Content of the request."),
});

const sink = z.object({
  type: z.enum(["File"]).describe("Kind of the sink."),
  file: optional(z.object({ path: text({ min: 1, max: 4096 }).describe("Path of the file.") }), "A file."),
});

const active = withRules(
  z.object({
    timeout: duration.default("1s").describe("Time that an answer may take."),
    interval: duration.default("3s").describe("Time between checks of an endpoint."),
    initialJitter: optional(duration, "Most by which the first check of an endpoint is delayed, at random."),
    unhealthyThreshold: z.int().min(1).max(4294967295).default(3).describe("Failures that make an endpoint unhealthy."),
    healthyThreshold: z.int().min(1).max(4294967295).default(1).describe("Successes that make it healthy again."),
    type: z.enum(["HTTP", "TCP", "GRPC"]).describe("Protocol of the checks."),
    http: optional(http, "Checks over HTTP."),
    tcp: optional(
      z.object({
        send: optional(payload, "What is sent."),
        receive: optional(payload, "What a healthy endpoint's answer contains."),
      }),
      "Checks over TCP.",
    ),
    grpc: optional(
      z.object({ service: optional(text({ max: 253 }), "Service to ask for. Default: the whole server.") }),
      "Checks over the gRPC health protocol.",
    ),
    overrides: optional(
      z.object({ port: optional(portNumber, "Port of the checks. Default: the endpoint's own.") }),
      "What the checks do differently from requests.",
    ),
    healthCheckLog: optional(
      z.object({
        matches: optional(
          listOf(z.enum(["Failure", "FailureSeriesStart", "Success", "HealthyTransition"]), { max: 4 }),
          "Events to log.",
        ),
        sinks: optional(listOf(sink, { max: 8 }), "Where they are logged."),
      }),
      "Log of the checks.",
    ),
  }),
  fieldOfType("type", { HTTP: "http", TCP: "tcp" }),
  fieldOfType("type", { GRPC: "grpc" }, "optional"),
);

const passive = z.object({
  splitExternalLocalOriginErrors: z.boolean().default(false).describe("Counts failures to connect apart from answers."),
  interval: duration.default("3s").describe("Time between decisions."),
  consecutiveLocalOriginFailures: uint32
    .default(5)
    .describe("Failures to connect in a row after which an endpoint is ejected; with splitExternalLocalOriginErrors."),
  consecutiveGatewayErrors: uint32
    .default(0)
    .describe("Answers 502, 503 or 504 in a row after which an endpoint is ejected. 0: never."),
  consecutive5XxErrors: uint32
    .default(5)
    .describe("Answers 5xx in a row after which an endpoint is ejected. 0: never."),
  failurePercentageThreshold: optional(
    z.int32().min(0).max(100),
    "Percent of failed requests in an interval from which an endpoint is ejected.",
  ),
  baseEjectionTime: duration
    .default("30s")
    .describe("Time of the first ejection; each further one is longer by the same."),
  maxEjectionPercent: z.int32().min(0).max(100).default(10).describe("Percent of the endpoints that may be ejected."),
  alwaysEjectOneEndpoint: optional(z.boolean(), "One endpoint may be ejected whatever maxEjectionPercent says."),
});

/** Spec: HealthCheck. */
export const healthCheck = z.object({
  active: optional(active, "Checks that the gateway makes."),
  passive: optional(passive, "Ejects endpoints that fail requests."),
  panicThreshold: optional(
    z.int32().min(0).max(100),
    "Percent of healthy endpoints below which health is disregarded. Default: 50. 0: never.",
  ),
});
