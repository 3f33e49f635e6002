import { redirectLocation } from "../../ir/redirect-location.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { page } from "../contract/local-reply.ts";

/** Answers with the filter's status and a `Location`; the backend is not asked. Spec: HTTPRequestRedirectFilter. */
export const buildRequestRedirect: BuildFilter<"requestRedirect"> = (filter, services) => {
  const publicPort = (port: number): number => services.publicPort(port);
  return built(
    onRequest((request, { facts }) => {
      const location = redirectLocation(filter, {
        scheme: facts.scheme,
        host: request.host,
        path: request.spelledPath,
        query: request.query,
        matchedPrefix: facts.matchedPrefix,
        listenerPort: facts.listenerPort,
        publicPort,
      });
      return page(filter.status, [["location", location]]);
    }),
  );
};
