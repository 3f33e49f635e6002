import type { AnnotationSource } from "./feature.ts";
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

/** The value of an annotation when ingress-nginx takes it. `undefined` when there is none, or when it is ignored (a finding). */
export function acceptedText(source: AnnotationSource, name: string, { accepts, wants }: TextRule): string | undefined {
  const text = source.text(name);
  if (text === undefined || text === "") return undefined;
  if (accepts(text)) return text;
  source.report("ingress-annotation-invalid", name, {
    message: `${name} is ${JSON.stringify(text)}, which is not ${wants}: it is ignored, as ingress-nginx does.`,
    fix: `Write ${wants}, or remove the annotation.`,
  });
  return undefined;
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
