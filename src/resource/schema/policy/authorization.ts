import { z } from "zod";
import { atLeastOne, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { headerName, text } from "../text.ts";
import { httpMethod } from "./string-match.ts";

const action = z.enum(["Allow", "Deny"]);

const claim = z.object({
  name: text({ min: 1, max: 253 }).describe("Name of the claim; a dot leads into an object."),
  valueType: z.enum(["String", "StringArray"]).default("String").describe("What the claim holds."),
  values: listOf(text({ max: 1024 }), { min: 1, max: 128 }).describe("Values of which one must be there."),
});

const jwtPrincipal = withRules(
  z.object({
    provider: text({ min: 1, max: 253 }).describe("Provider of the token, of those under jwt."),
    claims: optional(listOf(claim, { min: 1, max: 16 }), "Claims that must all match."),
    scopes: optional(listOf(text({ min: 1, max: 253 }), { min: 1, max: 16 }), "Scopes that must all be there."),
  }),
  atLeastOne("claims", "scopes"),
);

const flag = (what: string) => optional(z.boolean(), `Whether it is ${what}.`);

const location = z.object({
  country: optional(text({ min: 1, max: 64 }), "ISO code of the country."),
  region: optional(text({ min: 1, max: 64 }), "ISO code of the region."),
  city: optional(text({ min: 1, max: 253 }), "Name of the city."),
  asn: optional(z.int().min(0).max(4_294_967_295), "Number of the autonomous system."),
  isp: optional(text({ min: 1, max: 253 }), "Name of the provider."),
  anonymous: optional(
    z.object({
      isAnonymous: flag("anonymous"),
      isVPN: flag("of a VPN"),
      isHosting: flag("of a hosting provider"),
      isTor: flag("an exit of Tor"),
      isProxy: flag("a public proxy"),
    }),
    "What kind of address it is.",
  ),
});

const principal = withRules(
  z.object({
    clientCIDRs: optional(
      listOf(text({ min: 1, max: 43 }), { min: 1, max: 256 }),
      "Networks of the client's address, of which one must fit.",
    ),
    jwt: optional(jwtPrincipal, "What a token of jwt says."),
    headers: optional(
      listOf(
        z.object({
          name: headerName.describe("Name of the header."),
          values: listOf(text({ max: 4096 }), { min: 1, max: 256 }).describe("Values of which one must be there."),
        }),
        { min: 1, max: 256 },
      ),
      "Headers that must all match.",
    ),
    clientIPGeoLocations: optional(
      listOf(location, { min: 1, max: 256 }),
      "Places of the client's address, of which one must fit.",
    ),
  }),
  atLeastOne("clientCIDRs", "jwt", "headers", "clientIPGeoLocations"),
);

const authorizationRule = withRules(
  z.object({
    name: optional(text({ min: 1, max: 253 }), "Name of the rule, for logs."),
    action: action.describe("What becomes of requests that match."),
    operation: optional(
      withRules(
        z.object({
          methods: optional(listOf(httpMethod, { min: 1, max: 16 }), "Methods of which one must match."),
          path: optional(
            z.object({
              type: z
                .enum(["Exact", "PathPrefix", "RegularExpression"])
                .default("PathPrefix")
                .describe("How value is compared."),
              value: text({ min: 1, max: 1024 }).describe("Path to compare with."),
              invert: optional(z.boolean(), "Matches every other path."),
            }),
            "Path that must match.",
          ),
        }),
        atLeastOne("methods", "path"),
      ),
      "What the request does.",
    ),
    principal: optional(principal, "Who sends the request; all of it must match."),
    cel: optional(text({ min: 1, max: 4096 }), "Condition on the request, in CEL."),
  }),
  atLeastOne("operation", "principal", "cel"),
);

/** Spec: Authorization. */
export const authorization = z.object({
  rules: optional(listOf(authorizationRule, { max: 256 }), "Rules; the first that matches decides."),
  defaultAction: optional(action, "What becomes of requests that no rule matches. Default: Deny."),
});
