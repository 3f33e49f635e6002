/** What a BackendTrafficPolicy does to requests beside limits and failures. */
import { z } from "zod";
import { grpcStatusNames } from "../../../base/grpc-status-names.ts";
import { atLeastOne, exactlyOne, fieldOfType, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { duration, text } from "../text.ts";
import { byteSize, httpStatus, percentage, uint32 } from "./sizes.ts";

const bandwidth = z.object({
  value: byteSize.describe("Bytes in each unit of time."),
  unit: z.enum(["Second", "Minute", "Hour"]).default("Second").describe("The unit of time."),
});

/** Spec: BandwidthLimitSpec. */
export const bandwidthLimit = withRules(
  z.object({
    request: optional(z.object({ limit: bandwidth.describe("The limit.") }), "Content that clients send."),
    response: optional(
      z.object({
        limit: bandwidth.describe("The limit."),
        responseTrailers: optional(
          z.object({ prefix: optional(text({ min: 1, max: 64 }), "What their names begin with.") }),
          "Trailers that tell the delays.",
        ),
      }),
      "Content that backends send.",
    ),
  }),
  atLeastOne("request", "response"),
);

/** Spec: FaultInjection. */
export const faultInjection = withRules(
  z.object({
    delay: optional(
      z.object({
        fixedDelay: duration.describe("The delay."),
        percentage: percentage.default(100).describe("Percent of the requests."),
      }),
      "Delays requests.",
    ),
    abort: optional(
      withRules(
        z.object({
          httpStatus: optional(z.int32().min(200).max(600), "Status of the answer."),
          grpcStatus: optional(z.int32().min(0).max(16), "gRPC status of the answer."),
          percentage: percentage.default(100).describe("Percent of the requests."),
        }),
        exactlyOne("httpStatus", "grpcStatus"),
      ),
      "Answers requests with an error.",
    ),
  }),
  atLeastOne("delay", "abort"),
);

/** Spec: AdmissionControl. */
export const admissionControl = z.object({
  samplingWindow: optional(duration, "Time over which successes are counted. Default: 30s."),
  minSuccessRate: optional(percentage, "Percent of successes below which requests are refused. Default: 95."),
  rejectionAggression: optional(z.number().min(1), "How steeply refusals grow. 1: in proportion. Default: 1."),
  minRequestRate: optional(uint32, "Requests in a second below which nothing is refused. Default: 0."),
  maxRejectionPercent: optional(percentage, "Most percent of requests that are refused. Default: 80."),
  successCriteria: optional(
    z.object({
      http: optional(
        z.object({
          statusCodes: optional(listOf(httpStatus, { max: 64 }), "Statuses that are successes. Default: below 500."),
        }),
        "Of HTTP.",
      ),
      grpc: optional(
        z.object({
          statusCodes: optional(listOf(z.enum(grpcStatusNames), { max: 17 }), "Codes that are successes. Default: Ok."),
        }),
        "Of gRPC.",
      ),
    }),
    "What a success is.",
  ),
});

/** Spec: Compression. */
export const compression = withRules(
  z.object({
    type: z.enum(["Gzip", "Brotli", "Zstd"]).describe("The encoding."),
    gzip: optional(z.object({}), "Settings of Gzip; there are none."),
    brotli: optional(z.object({}), "Settings of Brotli; there are none."),
    zstd: optional(z.object({}), "Settings of Zstandard; there are none."),
    minContentLength: optional(byteSize, "Size below which nothing is compressed. Default: 30 bytes."),
  }),
  fieldOfType("type", { Gzip: "gzip", Brotli: "brotli", Zstd: "zstd" }, "optional"),
);

/** Spec: ProtocolUpgradeConfig. */
export const protocolUpgrade = z.object({
  type: text({ min: 1, max: 64 }).describe("Protocol to change to, such as websocket or CONNECT."),
  connect: optional(
    z.object({ terminate: optional(z.boolean(), "Ends the tunnel here and forwards its bytes.") }),
    "Settings of CONNECT.",
  ),
});
