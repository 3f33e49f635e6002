import { acceptedText, type TextRule, withoutSpaces } from "../accepted-text.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";

/** What takes the place of what, in nginx's words: `from` with `~` or `~*` before it is a regular expression, `to` may hold variables. */
export type Replacement = { readonly from: string; readonly to: string };

export type AnswerRewriteSetting = {
  /** Domain of cookies, whole, letter case and a leading dot aside; `undefined`: it stays. */
  readonly cookieDomain: Replacement | undefined;
  /** Beginning of the paths of cookies. */
  readonly cookiePath: Replacement | undefined;
  /** Beginning of Location and Refresh. */
  readonly location: Replacement | undefined;
};

const domains = withoutSpaces(/^[-._~a-zA-Z0-9/:]*$/, "a domain and the one to put in its place");
const paths = withoutSpaces(/^[-._~a-zA-Z0-9/:?&=]*$/, "a path and the one to put in its place");
const location = withoutSpaces(/^[-._~a-zA-Z0-9/:?&=^$[\](){}*+|\\]*$/, "a URL, or the beginning of one");

export const answerRewrite: IngressFeature<AnswerRewriteSetting> = {
  annotations: [
    {
      name: "proxy-cookie-domain",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Domain of backends' cookies, and the one to put in its place.",
      otherwise: "off",
      handling: { kind: "served" },
    },
    {
      name: "proxy-cookie-path",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Beginning of the path of backends' cookies, and the one to put in its place.",
      otherwise: "off",
      handling: { kind: "served" },
    },
    {
      name: "proxy-redirect-from",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Beginning of backends' Location that proxy-redirect-to takes the place of.",
      otherwise: "off",
      handling: { kind: "served" },
    },
    {
      name: "proxy-redirect-to",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "What takes the place of proxy-redirect-from.",
      otherwise: "off",
      handling: { kind: "served" },
    },
  ],
  read: (source) => ({
    cookieDomain: cookiePart(source, "proxy-cookie-domain", domains),
    cookiePath: cookiePart(source, "proxy-cookie-path", paths),
    location: locationPart(source),
  }),
};

/** `off`, or two words; anything else is no directive of nginx. */
function cookiePart(source: AnnotationSource, name: string, rule: TextRule): Replacement | undefined {
  const written = acceptedText(source, name, rule);
  const text = written ?? source.controller.value(name) ?? "off";
  const words = text.trim().split(/\s+/);
  if (text === "" || (words.length === 1 && words[0] === "off")) return undefined;
  const [from, to] = words;
  if (words.length === 2) return { from: from!, to: to! };
  if (written !== undefined) {
    source.report("ingress-breaks-nginx", name, {
      message: `${name} is ${JSON.stringify(text)}, which nginx cannot read: the value is ignored.`,
      fix: `Write ${rule.wants}, with a space between the two.`,
    });
  }
  return undefined;
}

/** `default` stands for what nginx itself calls its backends, which none of them sends; without the other half nothing is replaced. */
function locationPart(source: AnnotationSource): Replacement | undefined {
  const part = (name: string) => acceptedText(source, name, location) ?? source.controller.value(name) ?? "off";
  const from = part("proxy-redirect-from");
  const to = part("proxy-redirect-to");
  if (from === "off" || from === "default" || to === "off") return undefined;
  return { from, to };
}
