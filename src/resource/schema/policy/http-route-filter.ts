import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { fieldOfType, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { secretObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { headerName, text } from "../text.ts";
import { headerMutation, listenerHeaderMutation } from "./header-mutation.ts";
import { responseBody } from "./local-value.ts";
import { httpStatus } from "./sizes.ts";

const substitution = z.object({
  pattern: text({ min: 1, max: 1024 }).describe("What is replaced: a regular expression in RE2 syntax."),
  substitution: text({ max: 1024 }).describe("What takes its place; \\1 stands for the first group."),
});

const urlRewrite = z.object({
  hostname: optional(
    withRules(
      z.object({
        type: z.enum(["Header", "Backend", "PathRegex"]).describe("Where the host comes from."),
        header: optional(headerName, "Header of the request that holds it."),
        pathRegex: optional(substitution, "Makes it from the path."),
      }),
      fieldOfType("type", { Header: "header", PathRegex: "pathRegex" }),
    ),
    "Host of the request to the backend.",
  ),
  path: optional(
    withRules(
      z.object({
        type: z.enum(["ReplaceRegexMatch"]).describe("How the path is changed."),
        replaceRegexMatch: optional(substitution, "Replaces what matches."),
      }),
      fieldOfType("type", { ReplaceRegexMatch: "replaceRegexMatch" }),
    ),
    "Path of the request to the backend.",
  ),
  appendXForwardedHost: optional(z.boolean(), "Tells the backend the host before by X-Forwarded-Host. Default: true."),
});

const directResponse = z.object({
  contentType: optional(text({ min: 1, max: 256 }), "Content-Type of the answer."),
  body: optional(responseBody, "Content of the answer."),
  statusCode: optional(httpStatus, "Status of the answer. Default: 200."),
  header: optional(
    withRules(headerMutation, {
      judge: ({ remove }, report) => {
        if (Array.isArray(remove) && remove.length > 0)
          report(["remove"], "is set, but this answer has no headers to remove", "Remove it.");
      },
      cel: { rule: "!has(self.remove) || size(self.remove) == 0", message: "there are no headers to remove" },
    }),
    "Headers of the answer.",
  ),
});

const cookieMatch = z.object({
  type: z.enum(["Exact", "RegularExpression"]).default("Exact").describe("How value is compared."),
  name: text({ min: 1, max: 256 }).describe("Name of the cookie."),
  value: text({ min: 1, max: 4096 }).describe("What to compare with."),
});

/** Beginnings of a text, and what takes their place. */
function rewrites(from: ReturnType<typeof text>, to: ReturnType<typeof text>) {
  return listOf(z.object({ from: from.describe("What is replaced."), to: to.describe("What takes its place.") }), {
    max: 16,
  });
}

/** Ours alone: what nginx does with proxy_redirect, proxy_cookie_domain and proxy_cookie_path. */
const responseRewrite = z.object({
  location: optional(
    rewrites(text({ min: 1, max: 1024 }), text({ min: 1, max: 1024 })),
    "Beginnings of Location and Content-Location; the first that fits is replaced.",
  ),
  cookieDomain: optional(
    rewrites(text({ min: 1, max: 253 }), text({ max: 253 })),
    'Domains of cookies; "*" is any. An empty `to` takes the domain out.',
  ),
  cookiePath: optional(
    rewrites(text({ min: 1, max: 1024 }), text({ min: 1, max: 1024 })),
    "Beginnings of cookie paths, in whole elements.",
  ),
});

/** A filter that rules of HTTPRoutes refer to by extensionRef. Spec: HTTPRouteFilterSpec of Envoy Gateway. */
export const httpRouteFilterSpec = z.object({
  urlRewrite: optional(urlRewrite, "Changes where the request goes."),
  directResponse: optional(directResponse, "Answers the request itself."),
  credentialInjection: optional(
    z.object({
      header: optional(headerName, "Header of the credential. Default: Authorization."),
      overwrite: optional(z.boolean(), "Replaces what the request has there."),
      credential: z
        .object({ valueRef: secretObjectReference.describe("Secret with it under credential.") })
        .describe("The credential."),
    }),
    "Shows the backend a credential.",
  ),
  headerMutation: optional(
    z.object({
      request: optional(listenerHeaderMutation, "Headers of requests to backends."),
      response: optional(listenerHeaderMutation, "Headers of answers."),
    }),
    "Changes headers. Values may hold operators such as `%REQ(x-user)%`. Not in Envoy Gateway.",
  ),
  responseRewrite: optional(responseRewrite, "Rewrites places in what backends answer. Not in Envoy Gateway."),
  matches: optional(
    listOf(
      z.object({
        cookies: listOf(cookieMatch, { min: 1, max: 16 }).describe("Cookies that must all match."),
      }),
      { max: 8 },
    ),
    "What requests must have beside the rule's matches; one of these must match.",
  ),
});

export type HttpRouteFilterSpec = DeepReadonly<z.output<typeof httpRouteFilterSpec>>;
