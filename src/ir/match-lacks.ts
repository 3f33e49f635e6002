import { compileRegex } from "../base/regex.ts";
import { isSecretName } from "../base/secret-name.ts";
import { quote } from "./describe.ts";
import type { HttpMatch, PathMatch, ValueMatch } from "./match.ts";
import { parseQuery } from "./query.ts";
import type { HttpRule } from "./routing-model.ts";
import {
  headerMatchHolds,
  type MatchSubject,
  matchSubjects,
  ownHeader,
  pathMatchHolds,
  requestCookie,
  type SelectRequest,
  valueMatchHolds,
} from "./select.ts";

/** What a request lacks to fit a match of a rule, one phrase for each part that does not hold; empty when it fits. */
export function matchLacks(match: HttpMatch, rule: HttpRule, request: SelectRequest): readonly string[] {
  const all = matchSubjects(rule, request).map((subject) => subjectLacks(match, subject));
  return all.reduce((fewest, lacks) => (lacks.length < fewest.length ? lacks : fewest));
}

function subjectLacks(match: HttpMatch, request: MatchSubject): readonly string[] {
  const query = parseQuery(request.query);
  return [
    ...(pathMatchHolds(match.path, request.path) ? [] : [pathLacks(match.path, request.path)]),
    ...(match.method === undefined || match.method === request.method
      ? []
      : [`method is ${request.method}, needs ${match.method}`]),
    ...match.headers
      .filter((header) => !headerMatchHolds(header, request))
      .flatMap((header) => valueLacks("header", header, ownHeader(request.headers, header.name))),
    ...match.query.flatMap((parameter) => valueLacks("query parameter", parameter, query.get(parameter.name))),
    ...(match.cookies ?? []).flatMap((cookie) => valueLacks("cookie", cookie, requestCookie(request, cookie.name))),
  ];
}

/** How near a path is to a match that it does not fit: the number of leading elements in common. */
export function sharedElements(match: PathMatch, path: string): number {
  const wanted = match.value.split("/");
  const given = path.split("/");
  let shared = 0;
  while (shared < wanted.length && shared < given.length && wanted[shared] === given[shared]) shared++;
  return shared;
}

function pathLacks(match: PathMatch, path: string): string {
  switch (match.kind) {
    case "exact":
      if (path === `${match.value}/` || `${path}/` === match.value) {
        return `path ${path} is not exactly ${match.value}: the slash at the end counts`;
      }
      if (path.toLowerCase() === match.value.toLowerCase()) {
        return `path ${path} is not exactly ${match.value}: upper and lower case differ`;
      }
      return `path ${path} is not exactly ${match.value}`;
    case "prefix":
      return path.startsWith(match.value)
        ? `path ${path} does not begin with the whole element ${match.value}: it needs ${match.value} or ${match.value}/…`
        : `path ${path} does not begin with ${match.value}`;
    case "regex":
      return patternLacks(`path ${path}`, match.value);
  }
}

function valueLacks(what: string, match: ValueMatch, value: string | undefined): readonly string[] {
  if (valueMatchHolds(match, value)) return [];
  if (isSecretName(match.name)) {
    const how = value === undefined ? "is absent" : "does not have the value that is configured";
    return [`${what} ${match.name} ${how}`];
  }
  const needs = match.kind === "exact" ? quote(match.value) : `a match of ${match.value}`;
  if (value === undefined) return [`${what} ${match.name} is absent, needs ${needs}`];
  return match.kind === "exact"
    ? [`${what} ${match.name} is ${quote(value)}, needs ${needs}`]
    : [patternLacks(`${what} ${match.name}, ${quote(value)},`, match.value)];
}

function patternLacks(subject: string, pattern: string): string {
  const regex = compileRegex(pattern);
  return regex.kind === "error"
    ? `the pattern ${pattern} is not usable: ${regex.message}`
    : `${subject} does not match ${pattern} as a whole`;
}
