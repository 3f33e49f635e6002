import type { BuiltFilter, FilterOfKind } from "../contract/build.ts";
import { onRequest, onResponse } from "../contract/hook.ts";
import type { HeaderTarget } from "../contract/message.ts";

type HeaderModifier = FilterOfKind<"headerModifier">;

/** Sets, then adds, then removes headers of the request or the response. Spec: HTTPHeaderFilter. */
export function buildHeaderModifier(filter: HeaderModifier): BuiltFilter<undefined> {
  const { on, set, add, remove } = filter;
  const hook =
    on === "request"
      ? onRequest((request) => modify(filter, request))
      : onResponse((response) => modify(filter, response));
  const names = on === "request" ? [...set.map(({ name }) => name), ...add.map(({ name }) => name), ...remove] : [];
  return { hooks: [hook], claimedTrailers: names, carried: undefined };
}

function modify(filter: HeaderModifier, message: HeaderTarget): undefined {
  for (const { name, value } of filter.set) message.setHeader(name, value);
  for (const { name, value } of filter.add) message.addHeader(name, value);
  for (const name of filter.remove) message.removeHeader(name);
}
