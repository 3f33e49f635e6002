import { RE2JS } from "re2js";
import { type CompiledRegex, compileRegex, maxProgramSize } from "../regex.ts";
import { parseProgram } from "./program.ts";

/** Replaces what matches, or says why it cannot. */
export type CompiledReplacement =
  | {
      readonly kind: "replacement";
      /** The text with every match replaced; `undefined` when that would cost more than {@link maxReplacementWork}. */
      apply(text: string): string | undefined;
    }
  | Extract<CompiledRegex, { readonly kind: "error" }>;

/**
 * What one text may cost, in characters looked at times steps of the pattern: some 20 ms. A search costs no more than what
 * is left of the text, but a text may have as many searches as it has characters.
 */
export const maxReplacementWork = 2_000_000;

/**
 * Compiles a pattern in RE2 syntax and what takes the place of its matches: `\1` to `\9` stand for groups, `\0` for the whole
 * match, `\\` for a backslash. Matches are found from the left and do not overlap; an empty one right behind another is none.
 * Never throws. Spec: RE2::GlobalReplace.
 */
export function compileReplacement(pattern: string, substitution: string): CompiledReplacement {
  const regex = compileRegex(pattern);
  if (regex.kind === "error") return regex;
  const compiled = RE2JS.compile(pattern);
  const groups = compiled.groupCount();
  const parts = parseSubstitution(substitution);
  if (parts === undefined)
    return {
      kind: "error",
      message: "a backslash is followed by something else than a digit or a backslash",
      fix: "Write `\\\\` for a backslash.",
    };
  const missing = parts.find((part) => typeof part === "number" && part > groups);
  if (missing !== undefined)
    return {
      kind: "error",
      message: `\\${missing} is written, but the pattern has ${groups} groups`,
      fix: "Put what it stands for into parentheses, or write the number of another group.",
    };
  const steps = parseProgram(pattern, maxProgramSize)?.steps.length ?? maxProgramSize;
  return { kind: "replacement", apply: (text) => replaceAll(compiled, { parts, steps }, text) };
}

type Substitution = readonly (string | number)[];

/** Text and numbers of groups; `undefined` for an escape that is none. */
function parseSubstitution(text: string): Substitution | undefined {
  const parts: (string | number)[] = [];
  for (const [piece] of text.matchAll(/\\[\s\S]?|[^\\]+/g)) {
    if (!piece.startsWith("\\")) parts.push(piece);
    else if (/^\\\d$/.test(piece)) parts.push(Number(piece[1]));
    else if (piece === "\\\\") parts.push("\\");
    else return undefined;
  }
  return parts;
}

function replaceAll(
  compiled: RE2JS,
  { parts, steps }: { readonly parts: Substitution; readonly steps: number },
  text: string,
): string | undefined {
  const matcher = compiled.matcher(text);
  let work = text.length * steps;
  let copied = 0;
  let lastEnd = -1;
  let result = "";
  while (work <= maxReplacementWork) {
    if (!matcher.find()) return result + text.slice(copied);
    const start = matcher.start();
    const end = matcher.end();
    work += (text.length - end) * steps;
    if (start === end && start === lastEnd) continue;
    lastEnd = end;
    result += text.slice(copied, start);
    for (const part of parts) result += typeof part === "string" ? part : (matcher.group(part) ?? "");
    copied = end;
  }
  return undefined;
}
