import type { FilterOfKind } from "../contract/build.ts";
import { clientFields } from "../contract/client-fields.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestCopy, RequestHead } from "../contract/message.ts";
import { renderTemplate } from "../headerMutation/render-template.ts";

type As = NonNullable<FilterOfKind<"requestMirror">["as"]>;

/** The copy of a request that is asked for something else: its client's own fields, behind another target and host. */
export function copyAs({ host, target, content }: As, request: RequestHead, exchange: FilterExchange): RequestCopy {
  const copy = request.copyHead();
  const source = { exchange, request, response: undefined };
  const asked = target === undefined ? request.askedTarget() : renderTemplate(target, source);
  const named = host === undefined ? request.sentHost() : renderTemplate(host, source);
  const fields = clientFields(copy, request.ownLines());
  const lines = Buffer.from(`${copy.method} ${asked} HTTP/1.1\r\nhost: ${named}\r\n${fields}`, "latin1");
  return { ...copy, lines, announcesContent: copy.announcesContent && content };
}
