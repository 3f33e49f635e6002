/** Paths of an Ingress as matches of a route. */
import type { IngressLocation, LocationMatch } from "../../ingress/ingress-model.ts";
import type { JsonObject } from "../../resource/json.ts";

/**
 * The path of locations that one path of an Ingress became: `/foo` of type Prefix is two of them, an exact one and a beginning, and
 * one match here. `regexes`: see {@link regexesOf}.
 */
export function pathMatchOf(
  locations: readonly Pick<IngressLocation, "match">[],
  regexes: ReadonlyMap<string, string>,
): JsonObject {
  const matches = locations.map(({ match }) => match);
  const regex = matches.find((match) => match.kind === "regex");
  if (regex?.kind === "regex")
    return { type: "RegularExpression", value: regexes.get(regex.pattern) ?? regexOf(regex.pattern) };
  const beginning = matches.find((match) => match.kind === "beginning");
  if (beginning) return { type: "PathPrefix", value: prefixOf(beginning) };
  return { type: "Exact", value: escapePath((matches[0] as Exclude<LocationMatch, { kind: "regex" }>).value) };
}

/**
 * The expressions of a host by its patterns, which come in the order in which ingress-nginx tries them: the longest first. Routes
 * try the longest expression first, too, so that where the readable forms would change places all get the same addition.
 */
export function regexesOf(patterns: readonly string[]): ReadonlyMap<string, string> {
  const readable = patterns.map(regexOf);
  const kept = readable.every((value, index) => index === 0 || value.length <= (readable[index - 1] as string).length);
  return new Map(
    patterns.map((pattern, index) => [
      pattern,
      kept ? (readable[index] as string) : `(?i)(?:${wholeOf(pattern, (part) => `${part}.*`)})`,
    ]),
  );
}

function prefixOf({ value }: Extract<LocationMatch, { kind: "beginning" }>): string {
  return value === "/" ? value : escapePath(value.replace(/\/$/, ""));
}

/** Locations compare decoded paths, routes paths as they are sent. A lone surrogate, which no request can send, is replaced. */
export function escapePath(path: string): string {
  return encodeURI(path.toWellFormed()).replaceAll("?", "%3F").replaceAll("#", "%23");
}

/**
 * An expression that matches the whole of a path, of one that ingress-nginx anchors at the beginning alone and reads without regard to
 * case. The anchor holds for the first of alternatives that are not in a group, as with nginx.
 */
export function regexOf(pattern: string): string {
  const whole = wholeOf(escapeSpaces(pattern), openEnd);
  return alternativesOf(pattern).length === 1 ? `(?i)${whole}` : `(?i)(?:${whole})`;
}

/** Routes compare paths as they are sent, in which a space is escaped. */
function escapeSpaces(pattern: string): string {
  return pattern.replaceAll(" ", "%20");
}

function wholeOf(pattern: string, end: (part: string) => string): string {
  const [first = "", ...others] = alternativesOf(pattern);
  return [end(first), ...others.map((other) => `.*${end(other.replace(/^\^/, ""))}`)].join("|");
}

/** What follows may be anything, unless the expression says that nothing may, or says so itself. */
export function openEnd(pattern: string): string {
  const ended = /(?:^|[^\\])(?:\\\\)*\$$/.test(pattern) || /(?:^|[^\\])(?:\.\*|\(\.\*\))$/.test(pattern);
  return ended ? pattern : `${pattern}.*`;
}

/** The pattern as one part of a longer one: alternatives go into a group that is not counted. */
export function ungrouped(pattern: string): string {
  return alternativesOf(pattern).length === 1 ? pattern : `(?:${pattern})`;
}

/** Splits at each `|` that stands in no group, no class and behind no backslash. */
function alternativesOf(pattern: string): readonly string[] {
  const parts: string[] = [""];
  let depth = 0;
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string;
    if (char === "\\") {
      parts.push(`${parts.pop()}${char}${pattern[++at] ?? ""}`);
      continue;
    }
    if (inClass) inClass = char !== "]";
    else if (char === "[") inClass = true;
    else if (char === "(") depth++;
    else if (char === ")") depth--;
    if (char === "|" && depth === 0 && !inClass) parts.push("");
    else parts.push(`${parts.pop()}${char}`);
  }
  return parts;
}
