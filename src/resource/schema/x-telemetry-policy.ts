import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { fraction } from "./fraction.ts";
import { member } from "./http-filter.ts";
import { listOf, mapBy } from "./list.ts";
import { backendObjectReference, localPolicyTargetReference } from "./object-reference.ts";
import { rule } from "./rule.ts";
import { headerName, headerValue, text } from "./text.ts";

const mode = z.enum(["Enabled", "Disabled", "ImplementationDefault"]).default("ImplementationDefault");
const telemetryName = /^[a-zA-Z0-9_.:/-]+$/;
const telemetryWords = "a name of letters, digits and `_`, `.`, `:`, `/`, `-`";

/** Spec: TracingAttribute. */
const attribute = z
  .object({
    name: text({ min: 1, max: 256, pattern: telemetryName, words: telemetryWords }),
    sourceType: z.enum(["Header", "Literal", "Attribute"]),
    headerName: z.exactOptional(headerName),
    literalValue: z.exactOptional(text({ min: 1, max: 1024 })),
    attributeKey: z.exactOptional(
      text({ min: 1, max: 256, pattern: /^[a-z0-9_.-]+$/, words: "an attribute key such as `http.request.method`" }),
    ),
  })
  .check(
    rule((value, report) => {
      const fields = { Header: "headerName", Literal: "literalValue", Attribute: "attributeKey" };
      member(value, "sourceType", value.sourceType, fields, report);
    }),
  );

const onlyWhenEnabled = ["samplingRate", "parentBasedSampling", "serviceName", "spanName", "attributes"] as const;

/** Spec: TelemetryTracing. */
const tracing = z
  .object({
    mode,
    provider: z.exactOptional(
      z.object({
        backendRef: backendObjectReference,
        headers: z.exactOptional(mapBy(z.object({ name: headerName, value: headerValue }), ["name"], { max: 16 })),
      }),
    ),
    samplingRate: z.exactOptional(fraction),
    parentBasedSampling: z.exactOptional(
      z.object({ mode, samplingRate: z.exactOptional(fraction) }).check(
        rule((value, report) => {
          if (value.samplingRate !== undefined && value.mode !== "Enabled") {
            report(
              ["samplingRate"],
              `is set, but mode is ${value.mode}`,
              "Write `mode: Enabled`, or remove samplingRate.",
            );
          }
        }),
      ),
    ),
    serviceName: z.exactOptional(text({ min: 1, max: 253, pattern: telemetryName, words: telemetryWords })),
    spanName: z.exactOptional(
      text({
        min: 1,
        max: 256,
        pattern: /^[a-zA-Z0-9_.:/-]+( [a-zA-Z0-9_.:/-]+)*$/,
        words: `${telemetryWords}, with single spaces between words`,
      }),
    ),
    attributes: z.exactOptional(mapBy(attribute, ["name"])),
  })
  .check(
    rule((value, report) => {
      if (value.mode === "Enabled" && value.provider === undefined) {
        report(["provider"], "is missing, but mode is Enabled", "Add provider with the backendRef of your collector.");
      }
      if (value.mode !== "Enabled" && value.provider !== undefined) {
        report(["provider"], `is set, but mode is ${value.mode}`, "Write `mode: Enabled`, or remove provider.");
      }
      for (const field of onlyWhenEnabled) {
        if (value[field] !== undefined && value.mode !== "Enabled") {
          report([field], `is set, but mode is ${value.mode}`, `Write \`mode: Enabled\`, or remove ${field}.`);
        }
      }
    }),
  );

/** Spec: TelemetryPolicySpec of the experimental XTelemetryPolicy. */
export const xTelemetryPolicySpec = z
  .object({
    targetRefs: listOf(localPolicyTargetReference, { min: 1, max: 16 }),
    tracing: z.exactOptional(tracing),
  })
  .check(
    rule((spec, report) => {
      if (spec.tracing === undefined) report(["tracing"], "is missing, so the policy would do nothing", "Add tracing.");
    }),
  );

export type XTelemetryPolicySpec = DeepReadonly<z.output<typeof xTelemetryPolicySpec>>;
