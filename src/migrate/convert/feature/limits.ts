import type { Limits } from "../../../ingress/feature/limits.ts";
import type { JsonObject } from "../../../resource/json.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

/** Each address counts for itself. */
const everyAddress = ["0.0.0.0/0", "::/0"].map((value) => [{ sourceCIDR: { type: "Distinct", value } }]);

export const convertLimits: ConvertFeature<Limits> = (setting, scope) => {
  const { requests, connections, exempt, download, requestStatus, connectionStatus } = setting;
  const limits = requests.length > 0 || connections > 0;
  if (limits && exempt.length > 0) {
    scope.report("convert-lost", "limit-allowlist", {
      message: `limit-allowlist is not converted: ${exempt.join(", ")} are limited like everyone.`,
      fix: "Give these clients a host or a path of their own, if the limits are too low for them.",
    });
  }
  if (download !== undefined) {
    scope.report("convert-lost", "limit-rate", {
      message: `limit-rate (${download.bytesPerSecond} bytes a second for each answer) is not converted: bandwidthLimit of a policy is for all answers together.`,
      fix: "Set bandwidthLimit for all answers together, if the backend's network is to be kept free.",
    });
  }
  const rules = requests.flatMap(({ requests: count, unit, burst }) =>
    everyAddress.map((clientSelectors) => ({
      clientSelectors,
      limit: { requests: count, unit, burst: burst + 1 },
      shared: true,
      xRateLimitHeaders: "Off",
    })),
  );
  const trafficPolicy: JsonObject = {
    ...(rules.length === 0 ? {} : { rateLimit: { local: { rules }, statusCode: requestStatus } }),
    ...(connections === 0
      ? {}
      : {
          concurrency: {
            rules: everyAddress.map((clientSelectors) => ({ clientSelectors, requests: connections })),
            statusCode: connectionStatus,
          },
        }),
  };
  return { ...nothingConverted, trafficPolicy };
};
