import { z } from "zod";
import { exactlyOne, withRules } from "../agreed-rules.ts";
import { listOf, mapBy } from "../list.ts";
import { optional } from "../optional.ts";
import { duration, headerName, text } from "../text.ts";
import { backendCluster } from "./backend-cluster.ts";
import { localValue } from "./local-value.ts";

const remoteJWKS = z.object({
  ...backendCluster,
  uri: text({ min: 1, max: 253 }).describe("URI of the key set."),
  cacheDuration: optional(duration, "Time that a fetched key set is used. Default: 5m."),
  failedRefetchDuration: optional(duration, "Time until a fetch that failed is tried again. Default: 1s."),
});

const extractFrom = z.object({
  headers: optional(
    listOf(
      z.object({
        name: headerName.describe("Name of the header."),
        valuePrefix: optional(text({ max: 256 }), "What stands before the token, such as `Bearer `."),
      }),
      { max: 16 },
    ),
    "Headers with a token.",
  ),
  cookies: optional(listOf(text({ min: 1, max: 256 }), { max: 16 }), "Cookies with a token."),
  params: optional(listOf(text({ min: 1, max: 256 }), { max: 16 }), "Parameters of the query with a token."),
});

const provider = withRules(
  z.object({
    name: text({ min: 1, max: 253 }).describe("Name of the provider, which authorization rules refer to."),
    issuer: optional(text({ max: 253 }), "Issuer that tokens must have. Default: any."),
    audiences: optional(
      listOf(text({ max: 1024 }), { max: 8 }),
      "Audiences of which tokens must have one. Default: any.",
    ),
    remoteJWKS: optional(remoteJWKS, "Key set of the provider, fetched by HTTP."),
    localJWKS: optional(
      localValue(65_536, "ConfigMap in the same namespace with the key set under jwks."),
      "Key set of the provider, written down.",
    ),
    claimToHeaders: optional(
      listOf(
        z.object({
          header: headerName.describe("Name of the header."),
          claim: text({ min: 1, max: 253 }).describe("Name of the claim; a dot leads into an object."),
        }),
        { max: 32 },
      ),
      "Claims that backends are told.",
    ),
    recomputeRoute: optional(z.boolean(), "Chooses the route again, by those headers too."),
    extractFrom: optional(
      extractFrom,
      "Where tokens stand. Default: Authorization with Bearer, and the parameter access_token.",
    ),
  }),
  exactlyOne("remoteJWKS", "localJWKS"),
  {
    judge: ({ recomputeRoute, claimToHeaders }, report) => {
      if (recomputeRoute === true && !(Array.isArray(claimToHeaders) && claimToHeaders.length > 0))
        report(["claimToHeaders"], "is missing, but recomputeRoute is true", "Add claimToHeaders.");
    },
    cel: {
      rule: "!has(self.recomputeRoute) || !self.recomputeRoute || (has(self.claimToHeaders) && size(self.claimToHeaders) > 0)",
      message: "recomputeRoute needs claimToHeaders",
    },
  },
);

/** Spec: JWT. */
export const jwt = z.object({
  optional: optional(z.boolean(), "Takes requests without a token too; one that is not valid is refused all the same."),
  failOpen: optional(z.boolean(), "Takes requests with a token that is not valid too."),
  providers: mapBy(provider, ["name"], { min: 1, max: 16 }).describe("Who issues tokens; one of them must have."),
});
