import { z } from "zod";
import { exactlyOne, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { secretObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { duration, headerName, preciseHostname, text } from "../text.ts";
import { backendCluster } from "./backend-cluster.ts";
import { stringMatchFields } from "./string-match.ts";

const url = text({ min: 1, max: 2048 });
const cookieName = text({ min: 1, max: 256 });

const provider = z.object({
  ...backendCluster,
  issuer: url.describe("URL of the provider."),
  authorizationEndpoint: optional(url, "Where users log in. Default: as the provider's configuration says."),
  tokenEndpoint: optional(url, "Where codes become tokens. Default: as the provider's configuration says."),
  endSessionEndpoint: optional(url, "Where users log out. Default: as the provider's configuration says."),
});

/** Spec: OIDC. */
export const oidc = withRules(
  z.object({
    provider: provider.describe("Who knows the users."),
    clientID: optional(text({ min: 1, max: 1024 }), "Client id at the provider."),
    clientIDRef: optional(secretObjectReference, "Secret with the client id under client-id."),
    clientSecret: secretObjectReference.describe("Secret with the client's secret under client-secret."),
    cookieNames: optional(
      z.object({
        accessToken: optional(cookieName, "Cookie of the access token."),
        idToken: optional(cookieName, "Cookie of the id token."),
      }),
      "Names of the cookies. Default: with a part of their own for each policy.",
    ),
    cookieConfig: optional(
      z.object({ sameSite: optional(z.enum(["Lax", "Strict", "None"]), "SameSite of the cookies.") }),
      "Attributes of the cookies.",
    ),
    cookieDomain: optional(preciseHostname, "Domain of the cookies. Default: the host of the request alone."),
    scopes: optional(listOf(text({ min: 1, max: 256 }), { max: 64 }), "Scopes to ask for; openid always is."),
    resources: optional(listOf(url, { max: 16 }), "Resources to ask for."),
    redirectURL: optional(url, "Where the provider sends users back. Default: /oauth2/callback of the request's host."),
    denyRedirect: optional(
      z.object({
        headers: listOf(z.object({ name: headerName.describe("Name of the header."), ...stringMatchFields }), {
          min: 1,
          max: 16,
        }).describe("Headers of which one must match."),
      }),
      "Requests that get 401 rather than a login.",
    ),
    logoutPath: optional(text({ min: 1, max: 1024 }), "Path that logs out. Default: /logout."),
    forwardAccessToken: optional(z.boolean(), "Tells backends the access token, by Authorization."),
    forwardIDToken: optional(
      z.object({ header: headerName.describe("Name of the header.") }),
      "Tells backends the id token.",
    ),
    defaultTokenTTL: optional(duration, "Lifetime of tokens that do not tell theirs."),
    refreshToken: z.boolean().default(true).describe("Gets new tokens when they expire."),
    defaultRefreshTokenTTL: optional(duration, "Lifetime of refresh tokens that do not tell theirs. Default: 168h."),
    csrfTokenTTL: optional(duration, "Time that a login may take. Default: 10m."),
    disableTokenEncryption: optional(z.boolean(), "Leaves the tokens in cookies readable."),
    passThroughAuthHeader: optional(z.boolean(), "Lets requests through that bring a token for jwt."),
  }),
  exactlyOne("clientID", "clientIDRef"),
  {
    judge: ({ forwardAccessToken, forwardIDToken }, report) => {
      const { header } = (forwardIDToken ?? {}) as { readonly header?: string };
      if (forwardAccessToken === true && header?.toLowerCase() === "authorization")
        report(
          ["forwardIDToken", "header"],
          "is Authorization, which forwardAccessToken sets",
          "Write another header, or remove forwardAccessToken.",
        );
    },
    cel: {
      rule: "!has(self.forwardAccessToken) || !self.forwardAccessToken || !has(self.forwardIDToken) || self.forwardIDToken.header.lowerAscii() != 'authorization'",
      message: "forwardIDToken must not set Authorization where forwardAccessToken does",
    },
  },
);
