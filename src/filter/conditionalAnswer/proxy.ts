import { compileAnswers } from "../../ir/conditional-answer.ts";
import { urlText } from "../../ir/url-redirect.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { type LocalReply, page, problem } from "../contract/local-reply.ts";
import { renderTemplate, type TemplateSource, valueAt } from "../headerMutation/render-template.ts";

const tooCostly = problem(414, "DL", "The request is too long to be judged.");

/** Answers with the first row whose conditions hold, and lets all other requests pass. */
export const buildConditionalAnswer: BuildFilter<"conditionalAnswer"> = ({ rows }) => {
  const find = compileAnswers(rows);
  return built(
    onRequest((request, exchange): LocalReply | undefined => {
      const source: TemplateSource = { exchange, request, response: undefined };
      const answer = find((place) => valueAt(place, source));
      if (answer === undefined) return undefined;
      if (answer === "tooCostly") return tooCostly;
      const { status, location, headers, body } = answer;
      const written: (readonly [string, string])[] =
        location.length === 0 ? [] : [["location", urlText(renderTemplate(location, source))]];
      for (const { name, value } of headers) {
        const text = renderTemplate(value, source);
        if (text !== "") written.push([name, text]);
      }
      if (body === undefined && status >= 400)
        return problem(status, "-", pages[status] ?? "The request was refused.", written);
      return page(status, written, body === undefined ? "" : renderTemplate(body, source));
    }),
  );
};

/** What the gateway says with a refusal of which nothing more is known. */
const pages: Readonly<Record<number, string>> = {
  403: "Access is denied.",
  404: "There is nothing here.",
  405: "The method is not allowed here.",
  410: "This is gone.",
  429: "Too many requests.",
  503: "The service is unavailable.",
};
