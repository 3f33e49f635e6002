import { re2Pattern } from "../../ingress/nginx-pattern.ts";
import type { SnippetAnswer, SnippetCondition } from "../../ingress/snippet/snippet.ts";
import type { ConditionalAnswer, RequestCondition } from "../../ir/conditional-answer.ts";
import type { HeaderTemplate, Placeholder } from "../../ir/template.ts";
import { type FixedVariables, fixedHeader, templateOf } from "./answer-template.ts";
import { placeOf } from "./nginx-text.ts";
import { redirectRow } from "./redirect-row.ts";

/** An answer of a snippet as a row; `undefined`: an expression in it cannot be had, which reading has told of. */
export function answerRow(answer: SnippetAnswer, fixed: FixedVariables): ConditionalAnswer | undefined {
  const { status, content } = answer;
  const when = answer.when.map(conditionOf);
  if (content.kind === "rewritten") {
    const pattern = re2Pattern(content.pattern.text, content.pattern);
    if (pattern.kind === "error") return undefined;
    when.push({ value: { from: "decodedPath" }, test: { kind: "find", value: pattern.pattern }, negated: false });
  }
  if (!when.every((condition) => condition !== undefined)) return undefined;
  const headers = headersOf(answer, fixed);
  switch (content.kind) {
    case "location":
      return redirectRow({ when, status, location: templateOf(content.location, fixed), headers });
    case "rewritten": {
      const target = templateOf(content.target, fixed, { escaped: true });
      const [first] = target;
      // A path redirects to the host that was asked for.
      const begins = typeof first === "string" && first.startsWith("/");
      return redirectRow({
        when,
        status,
        location: [
          ...(begins ? ([{ from: "scheme" }, "://", { from: "hostname" }] as const) : []),
          ...target,
          ...(content.keepsQuery ? [{ from: "queryPart" } as const] : []),
        ],
        headers,
      });
    }
    case "text": {
      if (content.text === undefined) return { when, status, location: [], headers, body: undefined };
      const typed = headers.some(({ name }) => name === "content-type");
      return {
        when,
        status,
        location: [],
        headers: typed ? headers : [fixedHeader("content-type", "text/html"), ...headers],
        body: templateOf(content.text, fixed),
      };
    }
  }
}

function headersOf({ status, headers }: SnippetAnswer, fixed: FixedVariables): readonly HeaderTemplate[] {
  return headers.flatMap((change) =>
    change.change === "remove" || (change.statuses.length > 0 && !change.statuses.includes(status))
      ? []
      : [{ name: change.name, value: templateOf(change.value, fixed) }],
  );
}

function conditionOf({ variable, test, negated }: SnippetCondition): RequestCondition | undefined {
  const value: Placeholder | undefined = placeOf(variable);
  if (value === undefined) return undefined;
  switch (test.kind) {
    case "set":
      return { value, test, negated };
    case "equals":
      return { value, test: { kind: "exact", value: test.value }, negated };
    case "beginsWith":
      return { value, test: { kind: "prefix", value: test.value }, negated };
    case "matches": {
      const pattern = re2Pattern(test.pattern.text, test.pattern);
      if (pattern.kind === "error") return undefined;
      return { value, test: { kind: "find", value: pattern.pattern }, negated };
    }
  }
}
