import { buildOriginMatcher } from "../../ir/cors-origin.ts";
import type { Counter } from "../../telemetry/telemetry.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";

/** What browsers send for pages of other origins, and what changes something. As in Envoy's filter. */
const changing: ReadonlySet<string> = new Set(["POST", "PUT", "DELETE", "PATCH"]);

const refusal = problem(403, "CS", "The request comes from a page of another origin.");

/**
 * Refuses changes that a page of another origin asks for, and those that do not tell their origin: Origin, or else Referer, has
 * to name the request's own host and port, or an origin that is permitted. Spec: SecurityPolicy.csrf; Envoy's CSRF filter.
 */
export const buildCsrf: BuildFilter<"csrf"> = ({ additionalOrigins, shadow }, { from, telemetry, random }) => {
  const isPermitted = buildOriginMatcher(additionalOrigins);
  const counter = (result: string): Counter =>
    telemetry.counter("gateway_csrf_requests_total", from.kind, from.namespace, from.name, result);
  const counters = { allowed: counter("allowed"), refused: counter("refused"), shadowed: counter("shadowed") };
  return built(
    onRequest((request) => {
      if (!changing.has(request.method)) return undefined;
      const origin = sourceOrigin(request);
      if (origin !== undefined && (isOwn(origin, request.sentHost()) || isPermitted(origin))) {
        counters.allowed.add(1);
        return undefined;
      }
      if (random() * shadow.denominator < shadow.numerator) {
        counters.shadowed.add(1);
        return undefined;
      }
      counters.refused.add(1);
      return refusal;
    }),
  );
};

/** The origin that a request tells; `undefined`: none, or no URL. `null`, as of a sandboxed page, is none that could be permitted. */
function sourceOrigin(request: RequestHead): string | undefined {
  const told = request.header("origin") || request.header("referer");
  if (told === undefined || told === "null" || !URL.canParse(told)) return undefined;
  const { protocol, host } = new URL(told);
  return protocol === "http:" || protocol === "https:" ? `${protocol}//${host}` : undefined;
}

/** The scheme is left out: a proxy in front may have ended TLS. Ports that a scheme implies may be left out on either side. */
function isOwn(origin: string, host: string): boolean {
  const target = `${origin.slice(0, origin.indexOf(":"))}://${host}`;
  return URL.canParse(target) && new URL(target).host === new URL(origin).host;
}
