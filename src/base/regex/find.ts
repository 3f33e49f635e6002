import { RE2JS } from "re2js";
import { type CompiledRegex, compileRegex, maxProgramSize } from "../regex.ts";
import { parseProgram } from "./program.ts";
import { maxReplacementWork } from "./replacement.ts";

/** Finds what an expression captures in a text, or says why it cannot. */
export type CompiledFind =
  | {
      readonly kind: "find";
      /** How many groups it has. */
      readonly groups: number;
      /**
       * The first match from the left: `[0]` is the whole of it, then its groups, `""` for one that took no part; `undefined`: nothing
       * fits. `tooCostly`: it would take more than {@link maxReplacementWork}.
       */
      find(text: string): readonly string[] | undefined | "tooCostly";
    }
  | Extract<CompiledRegex, { readonly kind: "error" }>;

/** Compiles a pattern in RE2 syntax, not anchored. Never throws. */
export function compileFind(pattern: string): CompiledFind {
  const regex = compileRegex(pattern);
  if (regex.kind === "error") return regex;
  const compiled = RE2JS.compile(pattern);
  const groups = compiled.groupCount();
  const steps = parseProgram(pattern, maxProgramSize)?.steps.length ?? maxProgramSize;
  return {
    kind: "find",
    groups,
    find: (text) => {
      if (text.length * steps > maxReplacementWork) return "tooCostly";
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      return Array.from({ length: groups + 1 }, (_, group) => matcher.group(group) ?? "");
    },
  };
}
