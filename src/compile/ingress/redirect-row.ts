import type { ConditionalAnswer } from "../../ir/conditional-answer.ts";
import { fixedHeader } from "./answer-template.ts";

const words: Readonly<Record<number, string>> = {
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
};

/** A redirect, with a line of text in place of nginx's page. */
export function redirectRow({
  when,
  status,
  location,
  headers = [],
}: Pick<ConditionalAnswer, "when" | "status" | "location"> &
  Partial<Pick<ConditionalAnswer, "headers">>): ConditionalAnswer {
  return {
    when,
    status,
    location,
    headers: [fixedHeader("content-type", "text/plain; charset=utf-8"), ...headers],
    body: [`${status} ${words[status] ?? "Redirect"}\n`],
  };
}
