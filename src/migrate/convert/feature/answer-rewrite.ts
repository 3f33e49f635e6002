import type { AnswerRewriteSetting, Replacement } from "../../../ingress/feature/answer-rewrite.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

const fields = {
  cookieDomain: "proxy-cookie-domain",
  cookiePath: "proxy-cookie-path",
  location: "proxy-redirect-from",
} as const;

export const convertAnswerRewrite: ConvertFeature<AnswerRewriteSetting> = (setting, scope) => {
  const rewrites = Object.entries(fields).flatMap(([field, annotation]) => {
    const replacement = setting[field as keyof typeof fields];
    if (replacement === undefined) return [];
    if (isPlain(replacement)) return [[field, [{ ...replacement }]] as const];
    scope.report("convert-lost", annotation, {
      message: `${annotation} is not converted: ${JSON.stringify(replacement.from)} or what takes its place has a regular expression or a variable in it.`,
      fix: "Write plain texts.",
    });
    return [];
  });
  return rewrites.length === 0
    ? nothingConverted
    : { ...nothingConverted, routeFilter: { responseRewrite: Object.fromEntries(rewrites) } };
};

function isPlain({ from, to }: Replacement): boolean {
  return !from.startsWith("~") && !`${from}${to}`.includes("$");
}
