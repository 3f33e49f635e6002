/** Expressions as nginx writes them, for the engine that is used here. */
import { type CompiledRegex, compileRegex } from "../base/regex.ts";

/** An expression in RE2 syntax, or why there is none. */
export type Re2Pattern =
  | { readonly kind: "pattern"; readonly pattern: string }
  | Extract<CompiledRegex, { readonly kind: "error" }>;

/** A pattern of PCRE in RE2 syntax, where both mean the same by it. Look-around, back-references and the like are errors. */
export function re2Pattern(written: string, { ignoresCase }: { readonly ignoresCase: boolean }): Re2Pattern {
  const named = written.replaceAll(/\(\?<(?=[A-Za-z_])/g, "(?P<");
  const pattern = ignoresCase ? `(?i:${named})` : named;
  const compiled = compileRegex(pattern);
  return compiled.kind === "error" ? compiled : { kind: "pattern", pattern };
}

/** Names of the groups of a pattern in RE2 syntax. */
export function groupNames(pattern: string): readonly string[] {
  return [...pattern.matchAll(/\(\?P<(\w+)>/g)].map(([, name]) => name!);
}
