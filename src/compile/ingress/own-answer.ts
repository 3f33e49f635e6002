import type { PlacedFilter } from "../../ir/filter.ts";
import type { SourceRef } from "../../ir/source-ref.ts";

const words = { 404: "Not Found", 503: "Service Unavailable" } as const;

/** An answer that says all is well, with nothing in it. */
export function healthAnswer(from: SourceRef): PlacedFilter {
  const content = { headers: [{ name: "content-type", value: ["text/html"] }], body: "" };
  return {
    from,
    filter: { kind: "directResponse", status: 200, reason: "the gateway answers health checks itself", content },
  };
}

/** An answer that ingress-nginx gives by itself, with a line of text in place of its page. `reason` is for the operator. */
export function ownAnswer(from: SourceRef, status: keyof typeof words, reason: string): PlacedFilter {
  const content = {
    headers: [{ name: "content-type", value: ["text/plain; charset=utf-8"] }],
    body: `${status} ${words[status]}\n`,
  };
  return { from, filter: { kind: "directResponse", status, reason, content } };
}
