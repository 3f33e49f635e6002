import type { HttpRouteFilterSpec } from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { HeaderChanges } from "../../ir/filter.ts";
import { type HeaderTemplate, parseTemplate, type TemplateUse } from "../../ir/template.ts";
import { whyRefused } from "../headerModifier/compile.ts";
import { compileTextMatches } from "./compile-text-match.ts";

type Mutation = NonNullable<NonNullable<HttpRouteFilterSpec["headerMutation"]>["request"]>;
type Header = { readonly name: string; readonly value: string };

/** Compiles changes of headers at `field`; `undefined`, with a finding, when one of them cannot be made. */
export function compileChanges(
  { set, add, addIfAbsent, remove, removeOnMatch }: Mutation,
  scope: PartScope,
  at: { readonly field: string; readonly use: TemplateUse },
): HeaderChanges | undefined {
  const lists = {
    set: compileHeaders(set, scope, { ...at, field: `${at.field}/set` }),
    add: compileHeaders(add, scope, { ...at, field: `${at.field}/add` }),
    addIfAbsent: compileHeaders(addIfAbsent, scope, { ...at, field: `${at.field}/addIfAbsent` }),
    remove: compileNames(remove, scope, { ...at, field: `${at.field}/remove` }),
    removeOnMatch: compileTextMatches(removeOnMatch, scope, `${at.field}/removeOnMatch`),
  };
  return Object.values(lists).every((list) => list !== undefined) ? (lists as HeaderChanges) : undefined;
}

/** Names become lower case. `undefined`, with a finding for each, when a name or a value cannot be used. */
export function compileHeaders(
  headers: readonly Header[] | undefined,
  scope: PartScope,
  { field, use }: { readonly field: string; readonly use: TemplateUse },
): readonly HeaderTemplate[] | undefined {
  let usable = true;
  const templates = (headers ?? []).map(({ name, value }, index): HeaderTemplate => {
    const lower = name.toLowerCase();
    usable = mayChange(lower, scope, { field: `${field}/${index}/name`, use }) && usable;
    const parsed = parseTemplate(value, use);
    if (parsed.kind === "template") return { name: lower, value: parsed.template };
    usable = false;
    // The value may be secret, but for its operators.
    scope.mistake(`${field}/${index}/value`, {
      message: `The value of ${JSON.stringify(name)} cannot be used: ${parsed.message}.`,
      fix: "Write one of the operators that docs/policies/http-route-filter.md lists, or %% for a %.",
    });
    return { name: lower, value: [] };
  });
  return usable ? templates : undefined;
}

/** Lower-case names of headers; `undefined`, with a finding for each, when one may not be changed. */
export function compileNames(
  names: readonly string[] | undefined,
  scope: PartScope,
  { field, use }: { readonly field: string; readonly use: TemplateUse },
): readonly string[] | undefined {
  const lower = (names ?? []).map((name) => name.toLowerCase());
  const usable = lower.filter((name, index) => mayChange(name, scope, { field: `${field}/${index}`, use }));
  return usable.length === lower.length ? lower : undefined;
}

function mayChange(
  name: string,
  scope: PartScope,
  { field, use }: { readonly field: string; readonly use: TemplateUse },
): boolean {
  const reason = whyRefused(name, use);
  if (reason === undefined) return true;
  scope.mistake(field, {
    message: `${JSON.stringify(name)} cannot be changed: it is a header ${reason}.`,
    fix: "Remove it.",
  });
  return false;
}
