import { type ConditionalAnswer, compileAnswers } from "./conditional-answer.ts";
import { cookieValue } from "./cookie-value.ts";
import { decodedPath } from "./decoded-path.ts";
import { parameterOf } from "./query.ts";
import { ownHeader, type SelectRequest } from "./select.ts";
import type { Placeholder, Template } from "./template.ts";
import { urlText } from "./url-redirect.ts";

/**
 * What conditional answers say to a request that is only described, for explanations; `undefined`: nothing. What is not known of
 * such a request, such as who the client is, is taken to be empty. `spelledPath`: as a backend would get it.
 */
export function answerByCondition(
  rows: readonly ConditionalAnswer[],
  request: SelectRequest,
  spelledPath: string,
): { readonly status: number; readonly location?: string; readonly why: string } | undefined {
  const valueOfPlace = (place: Placeholder): string => valueIn(place, request, spelledPath);
  const answer = compileAnswers(rows)(valueOfPlace);
  if (answer === undefined) return undefined;
  if (answer === "tooCostly") return { status: 414, why: "judging it would cost too much" };
  const why = answer.when.length === 0 ? "the rule answers every request" : "the rule answers such requests";
  if (answer.location.length === 0) return { status: answer.status, why };
  return { status: answer.status, location: urlText(render(answer.location, valueOfPlace)), why };
}

function render(template: Template, valueOfPlace: (place: Placeholder) => string): string {
  return template.map((part) => (typeof part === "string" ? part : valueOfPlace(part))).join("");
}

function valueIn(place: Placeholder, request: SelectRequest, spelledPath: string): string {
  const target = (path: string): string => (request.query === "" ? path : `${path}?${request.query}`);
  switch (place.from) {
    case "request":
      return (
        ownHeader(request.headers, place.name) ??
        (place.otherwise === undefined ? undefined : ownHeader(request.headers, place.otherwise)) ??
        ""
      );
    case "cookie":
      return cookieValue(ownHeader(request.headers, "cookie"), place.name) ?? "";
    case "parameter":
      return parameterOf(request.query, place.name) ?? "";
    case "host":
    case "hostname":
      return request.host;
    case "method":
      return request.method;
    case "path":
      return request.path;
    case "decodedPath":
      return decodedPath(request.path);
    case "queryPart":
      return target("");
    case "query":
      return request.query;
    case "scheme":
      return request.scheme;
    case "target":
      return target(request.path);
    case "spelledTarget":
      return target(spelledPath);
    case "unslashedTarget":
      return target(spelledPath).replace(/\/$/, "");
    default:
      return "";
  }
}
