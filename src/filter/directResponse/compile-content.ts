import type { HttpRouteFilterSpec } from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { AnswerContent } from "../../ir/filter.ts";
import type { HeaderTemplate, TemplateUse } from "../../ir/template.ts";
import { compileHeaders } from "../headerMutation/compile-changes.ts";

/** An answer as the API has it, of a direct response or of an override. */
export type ApiAnswer = Omit<NonNullable<HttpRouteFilterSpec["directResponse"]>, "statusCode">;

/** Entry of a ConfigMap that holds a body. Spec: CustomResponseBody of Envoy Gateway. */
const bodyEntry = "response.body";

/** Type of a body of which nothing is said. */
const plainText = "text/plain; charset=utf-8";

/**
 * Compiles what an answer of the gateway's own holds, at `field`. `use`: whether its headers may say something of an answer that
 * it replaces. `undefined`, with a finding, when a part of it cannot be used.
 */
export function compileContent(
  { contentType, body, header }: ApiAnswer,
  scope: PartScope,
  { field, use }: { readonly field: string; readonly use: TemplateUse },
): AnswerContent | undefined {
  const text =
    body === undefined
      ? ""
      : body.type === "Inline"
        ? body.inline
        : scope.readConfigMap(body.valueRef as { readonly name: string }, bodyEntry, `${field}/body/valueRef`);
  const set = compileHeaders(header?.set, scope, { field: `${field}/header/set`, use });
  const add = compileHeaders(header?.add, scope, { field: `${field}/header/add`, use });
  if (text === undefined || set === undefined || add === undefined) return undefined;
  const type = contentType ?? (text === "" ? undefined : plainText);
  const own: readonly HeaderTemplate[] = type === undefined ? [] : [{ name: "content-type", value: [type] }];
  const replaced = new Set(set.map(({ name }) => name));
  return { headers: [...own.filter(({ name }) => !replaced.has(name)), ...set, ...add], body: text };
}
