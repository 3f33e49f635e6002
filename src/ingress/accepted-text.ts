import type { AnnotationSource } from "./feature.ts";
import { goFlag, goInteger } from "./go-value.ts";
import { nginxSize } from "./nginx-size.ts";

/** What ingress-nginx asks of a value, and how to say so, as in "which is not …". */
export type TextRule = { readonly accepts: (text: string) => boolean; readonly wants: string };

/** As ingress-nginx judges most values: without their spaces. */
export function withoutSpaces(pattern: RegExp, wants: string): TextRule {
  return { accepts: (text) => pattern.test(text.replaceAll(" ", "")), wants };
}

/** As ingress-nginx judges other values: as they stand. */
export function matching(pattern: RegExp, wants: string): TextRule {
  return { accepts: (text) => pattern.test(text), wants };
}

export const onOrOff: TextRule = { accepts: (text) => text === "on" || text === "off", wants: "on or off" };
const size = withoutSpaces(/^\d+[bkmg]?$/i, "a size such as 8m");

/** What becomes of a value that is not taken. */
export type Otherwise = "ignore" | "deny" | "drop";

const consequences = {
  ignore: { report: "report", text: "it is ignored, as ingress-nginx does" },
  deny: { report: "deny", text: "all paths of the Ingress answer 503, as ingress-nginx has it" },
  drop: { report: "drop", text: "nothing of the Ingress is served, as ingress-nginx has it" },
} as const;

/** Says that an annotation's value is not what it should be, with what ingress-nginx makes of that. */
export function reportInvalid(source: AnnotationSource, name: string, wants: string, otherwise: Otherwise): void {
  const { report, text } = consequences[otherwise];
  source[report]("ingress-annotation-invalid", name, {
    message: `${name} is ${JSON.stringify(source.text(name))}, which is not ${wants}: ${text}.`,
    fix: `Write ${wants}, or remove the annotation.`,
  });
}

/** The value of an annotation when ingress-nginx takes it. `undefined` when there is none, or when it is not taken (a finding). */
export function acceptedText(
  source: AnnotationSource,
  name: string,
  { accepts, wants }: TextRule,
  otherwise: Otherwise = "ignore",
): string | undefined {
  const text = source.text(name);
  if (text === undefined || text === "") return undefined;
  if (accepts(text)) return text;
  reportInvalid(source, name, wants, otherwise);
  return undefined;
}

/** A flag of which ingress-nginx leaves out the whole Ingress if it is anything else. */
export function droppingFlag(source: AnnotationSource, name: string): boolean | undefined {
  return dropping(source, name, goFlag, "true or false");
}

/** A whole number of which ingress-nginx leaves out the whole Ingress if it is anything else. */
export function droppingInteger(source: AnnotationSource, name: string): number | undefined {
  return dropping(source, name, goInteger, "a whole number");
}

function dropping<T>(
  source: AnnotationSource,
  name: string,
  parse: (text: string) => T | undefined,
  wants: string,
): T | undefined {
  const text = source.text(name);
  if (text === undefined || text === "") return undefined;
  const value = parse(text);
  if (value === undefined) reportInvalid(source, name, wants, "drop");
  return value;
}

/** The same of a word out of a few. */
export function acceptedWord<Word extends string>(
  source: AnnotationSource,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const known = (text: string): Word | undefined => words.find((word) => word === text);
  const rule = { accepts: (text: string) => known(text) !== undefined, wants: words.join(" or ") };
  return known(acceptedText(source, name, rule) ?? "");
}

/** The same of a size in bytes. ingress-nginx takes some that nginx cannot read, such as `8 m` and `100b`: they are ignored, too. */
export function acceptedSize(source: AnnotationSource, name: string): number | undefined {
  const text = acceptedText(source, name, size);
  if (text === undefined) return undefined;
  const bytes = nginxSize(text);
  if (bytes === undefined) {
    source.report("ingress-breaks-nginx", name, {
      message: `${name} is ${JSON.stringify(text)}, which nginx cannot read: the value is ignored.`,
      fix: `Write ${size.wants}, without spaces.`,
    });
  }
  return bytes;
}
