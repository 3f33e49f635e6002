import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature, type StagedFilter } from "../serve-feature.ts";

/** What of a request is held in memory until it is complete. Bytes. */
export const heldBytes = 2 ** 20;

export const serveRequestBody: ServeFeature<LocationSettings["requestBody"]> = ({ maxBytes, buffered }, scope) => {
  const filters: StagedFilter[] = [];
  if (maxBytes > 0) {
    filters.push({ stage: "size", from: scope.at("proxy-body-size"), filter: { kind: "bodyLimit", maxBytes } });
  }
  if (buffered) {
    filters.push({
      stage: "requestBody",
      from: scope.at("proxy-request-buffering"),
      filter: { kind: "requestBuffer", maxBytes: heldBytes, above: "stream" },
    });
    if (maxBytes === 0 || maxBytes > heldBytes) {
      scope.report("ingress-large-requests-stream", "proxy-body-size", {
        message: `Requests with more than ${heldBytes} bytes of content reach backends while they still come; ingress-nginx writes them to a file first.`,
        fix: "Nothing, if backends can take requests that come slowly; otherwise set proxy-body-size to 1m or less.",
      });
    }
  }
  return { ...nothingServed, filters };
};
