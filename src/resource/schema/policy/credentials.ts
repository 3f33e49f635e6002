/** Authentication by something that a client knows. */
import { z } from "zod";
import { exactlyOne, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { secretObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { headerName, text } from "../text.ts";

/** Spec: BasicAuth. */
export const basicAuth = z.object({
  users: secretObjectReference.describe("Secret with lines of htpasswd under .htpasswd."),
  realm: optional(
    text({ min: 1, max: 64, pattern: /^[ !#-[\]-~]+$/, words: "plain ASCII without quotes and backslashes" }),
    "What browsers show that they ask for. Default: Restricted. A field of Sluice's own.",
  ),
  forwardUsernameHeader: optional(headerName, "Header by which backends are told the user."),
});

const names = (words: string) => optional(listOf(text({ min: 1, max: 256 }), { min: 1, max: 16 }), words);

/** Spec: APIKeyAuth. */
export const apiKeyAuth = z.object({
  credentialRefs: listOf(secretObjectReference, { min: 1, max: 64 }).describe(
    "Secrets with a key for each client: the client's id, and the API key as its value.",
  ),
  extractFrom: listOf(
    withRules(
      z.object({
        headers: names("Headers with the key."),
        params: names("Parameters of the query with the key."),
        cookies: names("Cookies with the key."),
      }),
      exactlyOne("headers", "params", "cookies"),
    ),
    { min: 1, max: 16 },
  ).describe("Where the key stands; the first that has one counts."),
  forwardClientIDHeader: optional(headerName, "Header by which backends are told the client's id."),
  sanitize: optional(z.boolean(), "Removes the key from the request."),
});
