import type { Filter } from "../../ir/filter.ts";
import type { ProxyFilter, RequestHead, ResponseHead } from "../../proxy/chain.ts";

type HeaderModifier = Extract<Filter, { kind: "headerModifier" }>;

/** Sets, then adds, then removes headers of the request or the response. Spec: HTTPHeaderFilter. */
export function buildHeaderModifier(filter: HeaderModifier): ProxyFilter {
  return filter.on === "request"
    ? {
        onRequest(request) {
          modify(filter, request);
          return undefined;
        },
      }
    : { onResponse: (response) => modify(filter, response) };
}

function modify(filter: HeaderModifier, message: RequestHead | ResponseHead): void {
  for (const { name, value } of filter.set) message.setHeader(name, value);
  for (const { name, value } of filter.add) message.addHeader(name, value);
  for (const name of filter.remove) message.removeHeader(name);
}
