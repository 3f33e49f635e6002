import type { LocationSettings } from "../../../ingress/features.ts";
import type { ConditionalAnswer } from "../../../ir/conditional-answer.ts";
import { fixedHeader } from "../answer-template.ts";
import { redirectRow } from "../redirect-row.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

/** Statuses that come with a Location; nginx makes the URL the text of an answer with any other. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Every request of the location is sent to one URL. */
export const serveFixedRedirect: ServeFeature<LocationSettings["fixedRedirect"]> = (redirect, { at }) => {
  if (redirect === undefined) return nothingServed;
  const { url, status, annotation } = redirect;
  const answer: ConditionalAnswer = redirects.has(status)
    ? redirectRow({ when: [], status, location: [url] })
    : { when: [], status, location: [], headers: [fixedHeader("content-type", "text/html")], body: [url] };
  return {
    ...nothingServed,
    filters: [{ stage: "redirect", from: at(annotation), filter: { kind: "conditionalAnswer", rows: [answer] } }],
  };
};
