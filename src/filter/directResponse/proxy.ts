import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import type { Page } from "../contract/local-reply.ts";

/**
 * Answers with a status and no detail: the reason is for the operator, not for the client.
 * Spec: HTTPRouteFilter, a filter that cannot be resolved must not be skipped.
 */
export const buildDirectResponse: BuildFilter<"directResponse"> = ({ status }) => {
  const reply: Page = { kind: "page", status, flag: status >= 500 ? "FE" : "-", headers: [], body: "" };
  return built(onRequest(() => reply));
};
