import { secretLine } from "../../ir/secret-text.ts";
import { credentialCounters } from "../basicAuth/credential-counters.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";
import { ApiClients } from "./api-clients.ts";
import { KeySources } from "./key-sources.ts";

const denied = problem(401, "CR", "An API key is required.");

/** Lets in who shows the API key of a client. Spec: APIKeyAuth of Envoy Gateway. */
export const buildApiKeyAuth: BuildFilter<"apiKeyAuth"> = (filter, services) => {
  const clients = new ApiClients(
    filter.clients.flatMap(({ id, key }) => {
      const text = secretLine(services.secret(key));
      return text === undefined ? [] : [[id, text] as const];
    }),
  );
  const sources = new KeySources(filter.sources);
  const counters = credentialCounters(services, "apiKeyAuth");
  const { clientHeader, hidesKey } = filter;
  const headers = filter.sources.flatMap((source) => (source.in === "header" ? [source.name] : []));
  return {
    ...built(
      onRequest((request, exchange) => {
        const key = sources.find(request);
        const id = key === undefined ? undefined : clients.idOf(key);
        if (id === undefined) {
          counters.denied.add(1);
          return denied;
        }
        counters.allowed.add(1);
        exchange.established.principal = id;
        if (hidesKey) sources.clear(request);
        if (clientHeader !== undefined) request.setHeader(clientHeader, id);
        return undefined;
      }),
    ),
    claimedTrailers: clientHeader === undefined ? headers : [...headers, clientHeader],
  };
};
