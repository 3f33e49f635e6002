import { z } from "zod";
import { exactlyOne, fieldOfType, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { backendObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { duration, headerName, portNumber, preciseHostname, text } from "../text.ts";
import { headerMutation } from "./header-mutation.ts";
import { responseBody } from "./local-value.ts";
import { httpStatus } from "./sizes.ts";
import { stringMatch } from "./string-match.ts";

const statusCodeMatch = withRules(
  z.object({
    type: z.enum(["Value", "Range"]).default("Value").describe("One status, or several in a row."),
    value: optional(httpStatus, "The status."),
    range: optional(
      withRules(z.object({ start: httpStatus.describe("First status."), end: httpStatus.describe("Last status.") }), {
        judge: ({ start, end }, report) => {
          if (Number(end) <= Number(start))
            report(["end"], `is ${end}, not above start (${start})`, "Write a higher status.");
        },
        cel: { rule: "self.end > self.start", message: "end must be above start" },
      }),
      "The statuses.",
    ),
  }),
  fieldOfType("type", { Value: "value", Range: "range" }),
);

const match = z.object({
  statusCodes: listOf(statusCodeMatch, { min: 1, max: 50 }).describe("Statuses of the answer."),
  responseHeaders: optional(
    listOf(
      z.object({
        name: headerName.describe("Name of the header."),
        value: optional(stringMatch, "Its value. Default: any."),
      }),
      { max: 16 },
    ),
    "Headers that the answer must have.",
  ),
});

const response = z.object({
  contentType: optional(text({ min: 1, max: 256 }), "Content-Type of the answer."),
  body: optional(responseBody, "Content of the answer."),
  statusCode: optional(httpStatus, "Status of the answer. Default: the one that was matched."),
  header: optional(headerMutation, "Headers of the answer."),
});

const redirect = z.object({
  scheme: optional(z.enum(["http", "https"]), "Scheme of the location. Default: the request's."),
  hostname: optional(preciseHostname, "Host of the location. Default: the request's."),
  path: optional(
    withRules(
      z.object({
        type: z.enum(["ReplaceFullPath", "ReplacePrefixMatch"]).describe("What of the path is replaced."),
        replaceFullPath: optional(text({ max: 1024 }), "The new path."),
        replacePrefixMatch: optional(text({ max: 1024 }), "The new beginning of the path."),
      }),
      fieldOfType("type", { ReplaceFullPath: "replaceFullPath", ReplacePrefixMatch: "replacePrefixMatch" }),
    ),
    "Path of the location. Default: the request's.",
  ),
  port: optional(portNumber, "Port of the location."),
  statusCode: z.literal([301, 302]).default(302).describe("Status of the redirect."),
});

/** Ours alone: what ingress-nginx does with custom-http-errors and default-backend. */
const errorPage = z.object({
  backendRef: backendObjectReference.describe("Service that makes the pages."),
  path: optional(
    text({ min: 1, max: 1024, pattern: /^\/[^\s?#]*$/, words: "a path that begins with `/`" }),
    "Path that it is asked for. Default: /.",
  ),
  timeout: optional(duration, "Time that it may take. Default: 2s."),
});

/** Spec: ResponseOverride. */
export const responseOverride = withRules(
  z.object({
    match: match.describe("Answers that are replaced."),
    source: optional(
      z.enum(["All", "Local", "Backend"]),
      "Whose answers: the gateway's own, the backends', or all. Default: All.",
    ),
    response: optional(response, "What is answered instead."),
    redirect: optional(redirect, "Where the client is sent instead."),
    errorPage: optional(errorPage, "Service whose answer is sent instead. Not in Envoy Gateway."),
  }),
  exactlyOne("response", "redirect", "errorPage"),
);
