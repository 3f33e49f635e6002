import { compileRegex } from "../base/regex.ts";

/** A comparison with text; an expression is in RE2 syntax and matches the whole of it. Spec: StringMatch of Envoy Gateway. */
export type TextMatch = { readonly kind: "exact" | "prefix" | "suffix" | "regex"; readonly value: string };

/** Tells whether a text fits. */
export type TextTest = (text: string) => boolean;

/** What compares texts, made once. A pattern that does not compile fits nothing. */
export function compileTextMatch({ kind, value }: TextMatch): TextTest {
  switch (kind) {
    case "exact":
      return (text) => text === value;
    case "prefix":
      return (text) => text.startsWith(value);
    case "suffix":
      return (text) => text.endsWith(value);
    case "regex": {
      const regex = compileRegex(value);
      return regex.kind === "regex" ? (text) => regex.matchesWhole(text) : () => false;
    }
  }
}
