import type { HeaderTemplate } from "../../ir/template.ts";
import { compileTextMatch, type TextTest } from "../../ir/text-match.ts";
import type { BuildFilter, FilterOfKind } from "../contract/build.ts";
import { type FilterHook, onRequest, onResponse } from "../contract/hook.ts";
import type { RequestHead, ResponseHead } from "../contract/message.ts";
import { bindRequest, needsRequest, renderTemplate, type TemplateSource } from "./render-template.ts";

type Changes = FilterOfKind<"headerMutation">["request"];

/** Changes as they are carried out. */
type ReadyChanges = Changes & { readonly removeTests: readonly TextTest[] };

/**
 * Changes headers of requests and answers by values of the request. In order: set, add, addIfAbsent, remove, removeOnMatch. A
 * header that comes out empty is not written, but what stood in its place is gone all the same: nobody can put it there.
 */
export const buildHeaderMutation: BuildFilter<"headerMutation"> = ({ request, response, statuses }) => {
  const isFor = statuses && new Set(statuses);
  const hooks: FilterHook[] = [];
  const onTheWay = ready(request);
  const back = ready(response);
  if (changesAnything(request))
    hooks.push(
      onRequest((head, exchange) => {
        apply(onTheWay, head, { exchange, request: head, response: undefined });
        return undefined;
      }),
    );
  const templates = [response.set, response.add, response.addIfAbsent];
  const keeps = templates.some((headers) => headers.some(({ value }) => needsRequest(value)));
  if (keeps)
    hooks.push(
      onRequest((head, exchange) => {
        const bind = (headers: readonly HeaderTemplate[]) => bindRequest(headers, head, exchange);
        const { set, add, addIfAbsent } = back;
        exchange.state = { ...back, set: bind(set), add: bind(add), addIfAbsent: bind(addIfAbsent) };
        return undefined;
      }),
    );
  if (changesAnything(response))
    hooks.push(
      onResponse((head, exchange) => {
        if (isFor !== undefined && !isFor.has(head.status)) return undefined;
        const changes = (exchange.state as ReadyChanges | undefined) ?? back;
        apply(changes, head, { exchange, request: undefined, response: head });
        return undefined;
      }),
    );
  return { hooks, claimedTrailers: claimedTrailers(request), carried: undefined };
};

function ready(changes: Changes): ReadyChanges {
  return { ...changes, removeTests: changes.removeOnMatch.map(compileTextMatch) };
}

function changesAnything(changes: Changes): boolean {
  return Object.values(changes).some((list) => list.length > 0);
}

/** What is removed by a comparison of names may have any name. */
function claimedTrailers({ set, add, addIfAbsent, remove, removeOnMatch }: Changes): readonly string[] | "all" {
  if (removeOnMatch.length > 0) return "all";
  return [...[...set, ...add, ...addIfAbsent].map(({ name }) => name), ...remove];
}

function apply(changes: ReadyChanges, head: RequestHead | ResponseHead, source: TemplateSource): void {
  // All values are taken from the message as it came, whatever the order of the changes.
  const set = changes.set.map(({ value }) => renderTemplate(value, source));
  const add = changes.add.map(({ value }) => renderTemplate(value, source));
  const absent = changes.addIfAbsent.map(({ value }) => renderTemplate(value, source));
  for (const [index, { name }] of changes.set.entries()) {
    if (set[index] === "") head.removeHeader(name);
    else head.setHeader(name, set[index]!);
  }
  for (const [index, { name }] of changes.add.entries()) if (add[index] !== "") head.addHeader(name, add[index]!);
  for (const [index, { name }] of changes.addIfAbsent.entries()) {
    if (absent[index] !== "" && head.header(name) === undefined) head.addHeader(name, absent[index]!);
  }
  for (const name of changes.remove) head.removeHeader(name);
  if (changes.removeTests.length === 0) return;
  for (const name of head.headerNames()) {
    if (changes.removeTests.some((fits) => fits(name))) head.removeHeader(name);
  }
}
