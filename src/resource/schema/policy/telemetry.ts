import { z } from "zod";
import { fieldOfType, withRules } from "../agreed-rules.ts";
import { fraction } from "../fraction.ts";
import { bounded } from "../map.ts";
import { optional } from "../optional.ts";
import { headerName, text } from "../text.ts";

const customTag = withRules(
  z.object({
    type: z.enum(["Literal", "Environment", "RequestHeader"]).default("Literal").describe("Where the value stands."),
    literal: optional(z.object({ value: text({ max: 1024 }).describe("The value.") }), "The value itself."),
    environment: optional(
      z.object({
        name: text({ min: 1, max: 253 }).describe("Name of the variable."),
        defaultValue: optional(text({ max: 1024 }), "The value where there is none."),
      }),
      "A variable of the gateway's environment.",
    ),
    requestHeader: optional(
      z.object({
        name: headerName.describe("Name of the header."),
        defaultValue: optional(text({ max: 1024 }), "The value where there is none."),
      }),
      "A header of the request.",
    ),
  }),
  fieldOfType("type", { Literal: "literal", Environment: "environment", RequestHeader: "requestHeader" }),
);

/** Spec: BackendTelemetry. */
export const backendTelemetry = z.object({
  tracing: optional(
    z.object({
      samplingFraction: optional(fraction, "Share of the requests that are traced."),
      clientSamplingFraction: optional(fraction, "Share of the requests for which the client asks that are traced."),
      overallSamplingFraction: optional(fraction, "Share of all these that are traced."),
      customTags: optional(
        z.record(z.string(), customTag).check(bounded(32)).meta({ maxProperties: 32 }),
        "Attributes of the spans.",
      ),
      tags: optional(
        z
          .record(z.string(), text({ max: 1024 }))
          .check(bounded(32))
          .meta({ maxProperties: 32 }),
        "Attributes of the spans, with operators.",
      ),
      spanName: optional(
        z.object({
          client: optional(text({ min: 1, max: 256 }), "Of the gateway's request to the backend."),
          server: optional(text({ min: 1, max: 256 }), "Of the client's request."),
        }),
        "Names of the spans.",
      ),
    }),
    "Traces.",
  ),
  metrics: optional(
    z.object({ routeStatName: optional(text({ min: 1, max: 256 }), "Name of the route in metrics, with operators.") }),
    "Metrics.",
  ),
});
