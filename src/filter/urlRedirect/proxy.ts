import { compileUrlRedirect, redirectStatus } from "../../ir/url-redirect.ts";
import { parseHostPort } from "../../wire/http1/host.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { page, problem } from "../contract/local-reply.ts";

const tooCostly = problem(414, "DL", "The URL is too long to be redirected.");

/** Redirects requests whose URL is not yet the one that the target makes of it, and lets all others pass. */
export const buildUrlRedirect: BuildFilter<"urlRedirect"> = ({ target, permanence }) => {
  const redirectOf = compileUrlRedirect(target);
  return built(
    onRequest((request, { facts }) => {
      const authority = parseHostPort(request.sentHost());
      const location = redirectOf({
        scheme: facts.scheme,
        host: authority?.host ?? "",
        port: authority?.port,
        target: request.askedTarget(),
      });
      if (location === "tooCostly") return tooCostly;
      return location === undefined
        ? undefined
        : page(redirectStatus(request.method, permanence), [["location", location]]);
    }),
  );
};
