import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { withRules } from "../agreed-rules.ts";
import { optional } from "../optional.ts";
import { authorization } from "./authorization.ts";
import { apiKeyAuth, basicAuth } from "./credentials.ts";
import { cors, csrf } from "./cross-origin.ts";
import { extAuth } from "./ext-auth.ts";
import { jwt } from "./jwt.ts";
import { oidc } from "./oidc.ts";
import { mergeType, policyTargets, targetRules } from "./policy-targets.ts";

/** Who may come in. Spec: SecurityPolicySpec of Envoy Gateway. */
export const securityPolicySpec = withRules(
  z.object({
    ...policyTargets,
    mergeType,
    apiKeyAuth: optional(apiKeyAuth, "Clients show an API key."),
    cors: optional(cors, "What pages of other origins may do (CORS)."),
    csrf: optional(csrf, "Refuses changes that pages of other origins ask for (CSRF)."),
    basicAuth: optional(basicAuth, "Users show a name and a password."),
    jwt: optional(jwt, "Clients show a JSON Web Token."),
    oidc: optional(oidc, "Users log in at a provider (OpenID Connect)."),
    extAuth: optional(extAuth, "A service is asked about each request."),
    authorization: optional(authorization, "Rules about who may do what."),
  }),
  ...targetRules,
);

export type SecurityPolicySpec = DeepReadonly<z.output<typeof securityPolicySpec>>;
