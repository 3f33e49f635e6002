import type { AnnotationSource } from "./feature.ts";

/** What ingress-nginx asks of a value, and how to say so, as in "which is not …". */
export type TextRule = { readonly accepts: (text: string) => boolean; readonly wants: string };

/** As ingress-nginx judges most values: without their spaces. */
export function withoutSpaces(pattern: RegExp, wants: string): TextRule {
  return { accepts: (text) => pattern.test(text.replaceAll(" ", "")), wants };
}

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
