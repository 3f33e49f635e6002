import { buildFixedOrigins } from "../../ir/fixed-origins.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest, onResponse } from "../contract/hook.ts";
import { page } from "../contract/local-reply.ts";

/** Answers OPTIONS requests of allowed origins, and puts the same headers on all other answers to them. */
export const buildFixedCors: BuildFilter<"fixedCors"> = (filter) => {
  const allows = buildFixedOrigins(filter.allowOrigins);
  const toAll = filter.allowOrigins.includes("*");
  const headers = filter.headers.map(({ name, value }) => [name, value] as const);
  return built(
    onRequest((request, exchange) => {
      const origin = request.header("origin");
      // A backend may be told another Origin by a filter behind this one: the answer goes by what the client sent.
      exchange.state = origin;
      if (request.method !== "OPTIONS" || !allows(origin)) return undefined;
      return page(204, [["access-control-allow-origin", toAll ? "*" : (origin ?? "")], ...headers]);
    }),
    onResponse((response, { state }) => {
      const origin = state as string | undefined;
      if (!allows(origin)) return undefined;
      response.setHeader("access-control-allow-origin", toAll ? "*" : (origin ?? ""));
      for (const [name, value] of headers) response.setHeader(name, value);
      return undefined;
    }),
  );
};
