import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { atMostOne, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { clusterSettings } from "./cluster-settings.ts";
import { mergeType, policyTargets, targetRules } from "./policy-targets.ts";
import { concurrency, rateLimit } from "./rate-limit.ts";
import { responseOverride } from "./response-override.ts";
import { byteSize } from "./sizes.ts";
import { backendTelemetry } from "./telemetry.ts";
import { admissionControl, bandwidthLimit, compression, faultInjection, protocolUpgrade } from "./traffic-shaping.ts";

/** How requests go to backends, and what becomes of their answers. Spec: BackendTrafficPolicySpec of Envoy Gateway. */
export const backendTrafficPolicySpec = withRules(
  z.object({
    ...policyTargets,
    ...clusterSettings,
    mergeType,
    rateLimit: optional(rateLimit, "How many requests there may be."),
    concurrency: optional(concurrency, "How many requests may be answered at a time. Sluice's own."),
    bandwidthLimit: optional(bandwidthLimit, "How fast content may flow."),
    admissionControl: optional(admissionControl, "Refuses requests while too many fail."),
    faultInjection: optional(faultInjection, "Makes requests slow or fail, as a test."),
    useClientProtocol: optional(z.boolean(), "Speaks with backends in the client's version of HTTP."),
    compression: optional(listOf(compression, { max: 8 }), "Encodings of answers. Deprecated: use compressor."),
    compressor: optional(listOf(compression, { max: 8 }), "Encodings of answers, the preferred one first."),
    responseOverride: optional(
      listOf(responseOverride, { max: 32 }),
      "Answers that are replaced; the first that fits.",
    ),
    httpUpgrade: optional(listOf(protocolUpgrade, { max: 16 }), "Protocols to change to. Default: websocket."),
    requestBuffer: optional(
      z.object({ limit: byteSize.describe("Size above which a request is answered with 413.") }),
      "Holds a request until it is there as a whole.",
    ),
    requestBodyLimit: optional(
      byteSize,
      "Content above which a request is answered with 413; nothing is held back. Sluice's own.",
    ),
    routingType: optional(
      z.enum(["Service", "Endpoint"]),
      "Whether requests go to endpoints or to the address of the Service. Default: Endpoint.",
    ),
    telemetry: optional(backendTelemetry, "What is recorded of requests."),
  }),
  ...targetRules,
  atMostOne("compression", "compressor"),
);

export type BackendTrafficPolicySpec = DeepReadonly<z.output<typeof backendTrafficPolicySpec>>;
