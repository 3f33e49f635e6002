import { re2Pattern } from "../nginx-pattern.ts";
import { isOfAnswer, isOfRequest } from "./nginx-text.ts";
import type { NginxPattern, SnippetCondition } from "./snippet.ts";

const condition = /^\(\s*(?:\$(\w+)|\$\{(\w+)\})\s*(?:(=|!=|~\*|~|!~\*|!~)\s*([\s\S]*?))?\s*\)$/;

/** What `if` compares, such as `($http_x = y)`; text: why it cannot be had, to complete "… is not served: …". */
export function readCondition(text: string): SnippetCondition | string {
  const found = condition.exec(text);
  if (found === null) return "its condition is written in a form that is not known here";
  const [, plain, braced, operator, value = ""] = found;
  const variable = (plain ?? braced)!;
  if (!isOfRequest(variable) || variable === "is_args" || isOfAnswer(variable)) return `$${variable} is not known here`;
  if (operator === undefined) return { variable, test: { kind: "set" }, negated: false };
  const negated = operator.startsWith("!");
  if (operator.includes("~")) {
    const pattern = { text: unquoted(value), ignoresCase: operator.endsWith("*") };
    return whyUnusable(pattern) ?? { variable, test: { kind: "matches", pattern }, negated };
  }
  if (value.includes("$")) return "it compares two variables";
  return { variable, test: { kind: "equals", value: unquoted(value) }, negated };
}

/** Why an expression cannot be had here, to complete "… is not served: …"; `undefined`: it can. */
export function whyUnusable(pattern: NginxPattern): string | undefined {
  const expression = re2Pattern(pattern.text, pattern);
  return expression.kind === "error" ? `its expression cannot be used: ${expression.message}` : undefined;
}

/** Words of a condition may keep their quotation marks: nginx reads the brackets as parts of words. */
function unquoted(value: string): string {
  return /^(["'])([\s\S]*)\1$/.exec(value)?.[2] ?? value;
}
