import { byteSize } from "../../base/byte-size.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import { type Bandwidth, limitUnitSeconds } from "../../ir/rate-limit.ts";
import type { Resource } from "../../resource/kinds.ts";
import { makeCounter } from "../rateLimit/compile.ts";

type BandwidthLimit = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["bandwidthLimit"]>;
type Limit = NonNullable<BandwidthLimit["request"]>["limit"];

/** Compiles `BackendTrafficPolicy.spec.bandwidthLimit`. Spec: BandwidthLimitSpec of Envoy Gateway. */
export function compileBandwidthLimit({ request, response }: BandwidthLimit, scope: FeatureScope): readonly Filter[] {
  const { responseTrailers: trailers } = response ?? {};
  const trailerPrefix = trailers && (trailers.prefix ?? "");
  return [
    {
      kind: "bandwidthLimit",
      request: request && compileBandwidth(request.limit, "request", scope),
      eachAnswer: undefined,
      response: response && { ...compileBandwidth(response.limit, "response", scope), trailerPrefix },
    },
  ];
}

function compileBandwidth({ value, unit }: Limit, direction: "request" | "response", scope: FeatureScope): Bandwidth {
  return {
    counter: makeCounter("bandwidth", direction, false, `/${direction}`, scope),
    // The schema lets nothing else pass. Less than a byte a second would be none for hours.
    bytesPerSecond: Math.max(1, byteSize(value)! / limitUnitSeconds[unit]),
  };
}
