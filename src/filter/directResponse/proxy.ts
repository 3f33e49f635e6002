import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import type { Page } from "../contract/local-reply.ts";
import { renderTemplate } from "../headerMutation/render-template.ts";

/**
 * Answers by itself: with the content that is written, or with a status and no detail, because the reason is for the operator and
 * not for the client. Spec: HTTPRouteFilter, a filter that cannot be resolved must not be skipped; HTTPDirectResponseFilter of
 * Envoy Gateway.
 */
export const buildDirectResponse: BuildFilter<"directResponse"> = ({ status, content }) => {
  if (content === undefined) {
    const reply: Page = { kind: "page", status, flag: status >= 500 ? "FE" : "-", headers: [], body: "" };
    return built(onRequest(() => reply));
  }
  const { headers, body } = content;
  return built(
    onRequest((request, exchange) => {
      const source = { exchange, request, response: undefined };
      const written = headers
        .map(({ name, value }) => [name, renderTemplate(value, source)] as const)
        .filter(([, value]) => value !== "");
      return { kind: "page", status, flag: "-", headers: written, body };
    }),
  );
};
