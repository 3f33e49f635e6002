import type { PlacedFilter } from "../../ir/filter.ts";
import type { SourceRef } from "../../ir/source-ref.ts";

const words = { 200: "OK", 404: "Not Found", 503: "Service Unavailable" } as const;

/** An answer that ingress-nginx gives by itself, with a line of text in place of its page. `reason` is for the operator. */
export function ownAnswer(from: SourceRef, status: keyof typeof words, reason: string): PlacedFilter {
  const content = {
    headers: [{ name: "content-type", value: ["text/plain; charset=utf-8"] }],
    body: status === 200 ? "" : `${status} ${words[status]}\n`,
  };
  return { from, filter: { kind: "directResponse", status, reason, content } };
}
