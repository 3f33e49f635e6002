import type { SecurityPolicySpec } from "../resource/schema/policy/security-policy.ts";
import { clusterFieldsBelow } from "./cluster-fields.ts";
import { type CompleteTable, neverUnsafe, served } from "./field-service.ts";
import { targetFields } from "./target-fields.ts";

export const securityFields = {
  ...targetFields,
  mergeType: ["attachment", served],
  apiKeyAuth: ["API key", served],
  authorization: ["authorization", served],
  "authorization.rules[].principal.clientIPGeoLocations": [
    "authorization",
    neverUnsafe("It needs a database of the places of addresses, which Sluice has none of."),
  ],
  basicAuth: ["basic auth", served],
  cors: ["CORS", served],
  csrf: ["CSRF", served],
  extAuth: ["external authorization", served],
  "extAuth.recomputeRoute": [
    "external authorization",
    neverUnsafe("A request's route is chosen before its policies are known; match on what the client sends."),
  ],
  ...clusterFieldsBelow("extAuth.grpc.backendSettings."),
  ...clusterFieldsBelow("extAuth.http.backendSettings."),
  jwt: ["JWT", served],
  "jwt.providers[].recomputeRoute": [
    "JWT",
    neverUnsafe(
      "The rule whose policy verifies tokens has been chosen by then, and other rules may have other policies.",
    ),
  ],
  ...clusterFieldsBelow("jwt.providers[].remoteJWKS.backendSettings."),
  oidc: ["OIDC", served],
  ...clusterFieldsBelow("oidc.provider.backendSettings."),
} satisfies CompleteTable<SecurityPolicySpec>;
