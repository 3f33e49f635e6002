/** The one home of RE2 regular expressions: one table look-up for each character of the text, whatever the pattern. */
import { accepts, buildAutomaton } from "./regex/automaton.ts";
import { acceptsNothingOf, type Language } from "./regex/language.ts";
import { parseProgram } from "./regex/program.ts";

/** Longest pattern accepted, in characters: the largest that the specification allows (a header value). */
export const maxPatternLength = 4096;

/** Largest parsed pattern, in steps: a repetition has the steps of what it repeats as often as it is repeated. */
export const maxProgramSize = 4000;

/** Patterns remembered across recompiles; the least recently compiled goes first. */
const maxCachedPatterns = 8192;

/** A pattern ready to match, or why it is none. */
export type CompiledRegex =
  | {
      readonly kind: "regex";
      /** Every text that matches begins with this; may be empty. */
      readonly literalPrefix: string;
      /** Whether the pattern matches all of `text`, as if it stood between `^` and `$`. Some 2 ns for each character. */
      matchesWhole(text: string): boolean;
      /** Whether it matches no text of a language; `false` also when that would take more than a few milliseconds to tell. */
      matchesNothingOf(language: Language): boolean;
    }
  | {
      readonly kind: "error";
      /** Completes "the pattern is not usable: …". */
      readonly message: string;
      /** What to write instead, as a sentence. */
      readonly fix: string;
    };

const cache = new Map<string, CompiledRegex>();

/**
 * Compiles a pattern in RE2 syntax (no back-references, no look-around); never throws. A bad or too long pattern comes back
 * as an error, and so does one with more states than {@link buildAutomaton} finds within its limits.
 */
export function compileRegex(pattern: string): CompiledRegex {
  const known = cache.get(pattern);
  if (known) return known;
  const compiled = compileUncached(pattern);
  if (cache.size >= maxCachedPatterns) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  if (pattern.length <= maxPatternLength) cache.set(pattern, compiled);
  return compiled;
}

function compileUncached(pattern: string): CompiledRegex {
  if (pattern.length > maxPatternLength) {
    return {
      kind: "error",
      message: `it has ${pattern.length} characters, more than ${maxPatternLength}`,
      fix: "Split it into several matches.",
    };
  }
  try {
    const program = parseProgram(pattern, maxProgramSize);
    if (program === undefined) {
      return {
        kind: "error",
        message: `it is too large: more than ${maxProgramSize} steps`,
        fix: "Use smaller repetition counts, or split it into several matches.",
      };
    }
    const automaton = buildAutomaton(program);
    if (automaton === undefined) return tooManyStates;
    const { literalPrefix } = program;
    return {
      kind: "regex",
      literalPrefix,
      matchesWhole: (text) => accepts(automaton, text),
      matchesNothingOf: (language) => acceptsNothingOf(automaton, language),
    };
  } catch (error) {
    return {
      kind: "error",
      message: describeError(error),
      fix: "Correct the pattern. RE2 syntax is used: it has no look-around and no back-references.",
    };
  }
}

/** What follows `.*` may begin anywhere, so a counted `.` after it has to remember every place where it may have begun. */
const tooManyStates: CompiledRegex = {
  kind: "error",
  message: "it has too many states for a match of bounded cost",
  fix: "Repeat `.` without a count, or say which characters it stands for, such as `[^/]{1,40}`.",
};

/** The library's own words without its preamble; a stack overflow on absurd nesting is "too deeply nested". */
function describeError(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply";
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^error parsing regexp: /, "");
}
