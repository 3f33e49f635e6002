import { secretLine } from "../../ir/secret-text.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";

const unusable = problem(500, "FE", "The request could not be processed.");

/** Gives requests a credential for the backend. Spec: HTTPCredentialInjectionFilter of Envoy Gateway. */
export const buildCredentialInjection: BuildFilter<"credentialInjection"> = (filter, services) => {
  const { header, overwrite } = filter;
  const value = filter.credential === undefined ? undefined : secretLine(services.secret(filter.credential));
  return {
    ...built(
      onRequest((request) => {
        if (value === undefined) return unusable;
        if (overwrite || request.header(header) === undefined) request.setHeader(header, value);
        return undefined;
      }),
    ),
    claimedTrailers: [header],
  };
};
