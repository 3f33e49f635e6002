/** The one home of RE2 regular expressions: linear in the text, whatever the pattern. */
import { RE2JS } from "re2js";

/** Longest pattern accepted, in characters: the largest that the specification allows (a header value). */
export const maxPatternLength = 4096;

/**
 * Largest compiled program, in instructions. The time of a match grows with program times text: 1,000 keeps the worst
 * pattern on 8 KiB of hostile text near 50 ms for its first run, and below 1 ms once its states are known.
 */
export const maxProgramSize = 1000;

/** Memory that one pattern may spend on states learnt while matching; beyond it, matching goes on without. Bytes. */
const maxStateMemoryBytes = 1 << 20;

/** Patterns remembered across recompiles; the least recently compiled goes first. */
const maxCachedPatterns = 8192;

/** A pattern ready to match, or why it is none. */
export type CompiledRegex =
  | {
      readonly kind: "regex";
      /** Every text that matches begins with this; may be empty. */
      readonly literalPrefix: string;
      /** Whether the pattern matches all of `text`, as if it stood between `^` and `$`. */
      matchesWhole(text: string): boolean;
    }
  | { readonly kind: "error"; readonly message: string };

const cache = new Map<string, CompiledRegex>();

/**
 * Compiles a pattern in RE2 syntax (no back-references, no look-around); never throws. A bad, too long or too large
 * pattern comes back as an error whose message completes "the pattern is not usable: …".
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
    return { kind: "error", message: `it has ${pattern.length} characters, more than ${maxPatternLength}` };
  }
  try {
    const program = RE2JS.compile(pattern);
    const size = program.programSize();
    if (size > maxProgramSize) {
      return { kind: "error", message: `it is too large: ${size} steps, more than ${maxProgramSize}` };
    }
    const machine = program.re2();
    machine.dfa.maxMem = maxStateMemoryBytes;
    machine.dfa.stateBudget = maxStateMemoryBytes;
    machine.dfa.memBudget = maxStateMemoryBytes;
    return {
      kind: "regex",
      literalPrefix: typeof machine.prefix === "string" ? machine.prefix : "",
      matchesWhole: (text) => program.testExact(text),
    };
  } catch (error) {
    return { kind: "error", message: describeError(error) };
  }
}

/** The library's own words without its preamble; a stack overflow on absurd nesting is "too deeply nested". */
function describeError(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply";
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^error parsing regexp: /, "");
}
