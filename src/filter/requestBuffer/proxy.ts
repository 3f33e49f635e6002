import { type BuildFilter, built } from "../contract/build.ts";

/** Holds a request until its whole content is there; with more of it than the limit it gets 413. Spec: RequestBuffer of Envoy Gateway. */
export const buildRequestBuffer: BuildFilter<"requestBuffer"> = ({ maxBytes }) =>
  built({ phase: "requestContent", maxBytes, onContent: () => undefined, cancel: () => {} });
