import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest, onResponse } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";
import { gatekeeperOf } from "./gatekeeper.ts";
import { Visit } from "./visit.ts";

const withoutSecret = problem(500, "LF", "The login is not set up.");

/**
 * Lets in who has logged in at an OpenID provider, and sends others there. Without the client's secret nobody comes in. Spec:
 * SecurityPolicy.oidc; OpenID Connect Core 1.0.
 */
export const buildOidc: BuildFilter<"oidc"> = (filter, services) => {
  const secret = services.secret(filter.clientSecret);
  const cluster = filter.cluster === undefined ? undefined : services.cluster(filter.cluster);
  if (secret?.kind !== "opaque" || (filter.cluster !== undefined && cluster === undefined)) {
    return built(onRequest(() => withoutSecret));
  }
  const text = Buffer.from(secret.bytesBase64, "base64").toString("utf8").trimEnd();
  const keeper = gatekeeperOf(filter, { secret: text, cluster }, services);
  const claimedTrailers = [filter.forwardIdTokenHeader, filter.forwardAccessToken ? "authorization" : "", "cookie"];
  return {
    hooks: [
      {
        phase: "request",
        onRequest: (request, exchange) => {
          const visit = new Visit(keeper, request, exchange);
          exchange.state = visit;
          return visit.decide();
        },
        cancel: ({ state }) => {
          if (state instanceof Visit) state.cancel();
        },
      },
      onResponse((response, { state }) => {
        if (state instanceof Visit) for (const line of state.setCookies) response.addHeader("set-cookie", line);
        return undefined;
      }),
    ],
    claimedTrailers: claimedTrailers.filter((name) => name !== ""),
    carried: undefined,
  };
};
