import type { Replacement } from "../../../ingress/feature/answer-rewrite.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature, type ServeScope } from "../serve-feature.ts";

export const serveAnswerRewrite: ServeFeature<LocationSettings["answerRewrite"]> = (setting, scope) => {
  const location = textsOf(setting.location, "proxy-redirect-from", scope);
  const cookieDomain = textsOf(setting.cookieDomain, "proxy-cookie-domain", scope);
  const cookiePath = textsOf(setting.cookiePath, "proxy-cookie-path", scope);
  if (location.length + cookieDomain.length + cookiePath.length === 0) return nothingServed;
  const bare = (domain: string): string => domain.replace(/^\./, "");
  const annotation =
    location.length > 0 ? "proxy-redirect-from" : cookiePath.length > 0 ? "proxy-cookie-path" : "proxy-cookie-domain";
  return {
    ...nothingServed,
    filters: [
      {
        stage: "answer",
        from: scope.at(annotation),
        filter: {
          kind: "responseRewrite",
          manner: "text",
          location,
          cookieDomain: cookieDomain.map(({ from, to }) => ({ from: bare(from).toLowerCase(), to: bare(to) })),
          cookiePath,
        },
      },
    ],
  };
};

/** The replacement when both of its words are plain text. */
function textsOf(replacement: Replacement | undefined, annotation: string, scope: ServeScope): readonly Replacement[] {
  if (replacement === undefined) return [];
  const { from, to } = replacement;
  if (!from.startsWith("~") && !from.includes("$") && !to.includes("$")) return [replacement];
  scope.report("ingress-answer-rewrite-not-served", annotation, {
    message: `${JSON.stringify(`${from} ${to}`)} has an expression or a variable: answers pass unchanged.`,
    fix: "Write plain text in both places, or let the backend send what clients are to see.",
  });
  return [];
}
