import { type BuildFilter, built } from "../contract/build.ts";

/**
 * Holds a request until its whole content is there, and tells its length. With more than the limit it gets 413, or goes on as it
 * comes. Spec: RequestBuffer of Envoy Gateway.
 */
export const buildRequestBuffer: BuildFilter<"requestBuffer"> = ({ maxBytes, above }) =>
  built({
    phase: "requestContent",
    maxBytes,
    above: above === "stream" ? "pass" : "refuse",
    onContent: (content, request) => {
      if (content.bytes.length > 0 && request.header("content-length") === undefined) content.replace(content.bytes);
      return undefined;
    },
    cancel: () => {},
  });
