import type { FilterOfKind } from "../contract/build.ts";
import { clientFields } from "../contract/client-fields.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestCopy, RequestHead } from "../contract/message.ts";
import { renderTemplate } from "../headerMutation/render-template.ts";

type As = NonNullable<FilterOfKind<"requestMirror">["as"]>;

/** The copy of a request that is asked for something else: its client's own fields, behind another target and host. */
export function copyAs(as: As, request: RequestHead, exchange: FilterExchange): RequestCopy {
  const copy = request.copyHead();
  const target =
    as.target === undefined
      ? request.askedTarget()
      : renderTemplate(as.target, { exchange, request, response: undefined });
  const host = as.host ?? request.sentHost();
  const fields = clientFields(copy, request.ownLines());
  const lines = Buffer.from(`${copy.method} ${target} HTTP/1.1\r\nhost: ${host}\r\n${fields}`, "latin1");
  return { ...copy, lines, announcesContent: copy.announcesContent && as.content };
}
