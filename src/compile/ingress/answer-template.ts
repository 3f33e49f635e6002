import type { NginxText } from "../../ingress/snippet/snippet.ts";
import type { HeaderTemplate, Template } from "../../ir/template.ts";
import { placeOf } from "./nginx-text.ts";

/** What variables of ingress-nginx's own stand for in one location. */
export type FixedVariables = Readonly<Record<string, string>>;

/** A text with nginx's variables as a template. A variable that is not known leaves nothing: reading the text has told of it. */
export function templateOf(text: NginxText, fixed: FixedVariables, { escaped = false } = {}): Template {
  return text.flatMap((part, at): Template => {
    if (typeof part === "string") return [part];
    const { variable } = part;
    if (/^\d$/.test(variable)) return [{ from: "capture", group: Number(variable), escaped }];
    if (variable === "is_args") return [{ from: "queryPart" }];
    const before = text[at - 1];
    // `$is_args$args` is one place: the query with its question mark.
    if (typeof before === "object" && before.variable === "is_args") return [];
    const known = fixed[variable];
    if (known !== undefined) return [known];
    const place = placeOf(variable);
    return place === undefined ? [] : [place];
  });
}

/** A header with a value that is the same for every request. */
export function fixedHeader(name: string, value: string): HeaderTemplate {
  return { name, value: [value] };
}
