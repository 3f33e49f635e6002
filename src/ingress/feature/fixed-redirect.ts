import { acceptedText, droppingInteger, reportInvalid } from "../accepted-text.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { textRules } from "../text-rules.ts";

/** Where every request is sent, whatever it asks for; `undefined`: it is served. */
export type FixedRedirect =
  | {
      /** Location, word for word: neither path nor query are added. */
      readonly url: string;
      /** 300 to 308. Of 300, 304, 305 and 306 nginx makes no redirect: the URL is the text of the answer. */
      readonly status: number;
      /** The annotation that it comes from. */
      readonly annotation: "temporal-redirect" | "permanent-redirect";
    }
  | undefined;

export const fixedRedirect: IngressFeature<FixedRedirect> = {
  annotations: [
    {
      name: "temporal-redirect",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Redirects every request to this URL, before anything else; it wins over permanent-redirect.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "temporal-redirect-code",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Status of temporal-redirect.",
      otherwise: "302",
      handling: { kind: "served" },
    },
    {
      name: "permanent-redirect",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Redirects every request to this URL, before anything else.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "permanent-redirect-code",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Status of permanent-redirect.",
      otherwise: "301",
      handling: { kind: "served" },
    },
  ],
  // A temporal-redirect that cannot be used turns off permanent-redirect too.
  read: (source) =>
    source.text("temporal-redirect") === undefined
      ? redirect(source, "permanent-redirect", 301)
      : redirect(source, "temporal-redirect", 302),
};

function redirect(
  source: AnnotationSource,
  annotation: NonNullable<FixedRedirect>["annotation"],
  usualStatus: number,
): FixedRedirect {
  const url = acceptedText(source, annotation, textRules.url, "drop");
  if (url === undefined) return undefined;
  if (!/^http[a-z0-9+.-]*:/i.test(url)) {
    reportInvalid(source, annotation, "a URL that begins with http:// or https://", "ignore");
    return undefined;
  }
  const code = droppingInteger(source, `${annotation}-code`) ?? usualStatus;
  const inRange = code >= 300 && code <= 308;
  if (!inRange) reportInvalid(source, `${annotation}-code`, "a status from 300 to 308", "ignore");
  return { url, status: inRange ? code : usualStatus, annotation };
}
