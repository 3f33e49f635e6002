/** Which characters ingress-nginx takes in the values of annotations: it hands them on to nginx's configuration. */
import type { AnnotationSource } from "./feature.ts";
import { goFlag, goInteger } from "./go-value.ts";

export type TextRule = {
  readonly pattern: RegExp;
  /** Completes "which is not …". */
  readonly means: string;
};

const letters = "-._~a-zA-Z0-9/:";

export const textRules = {
  /** Names, and hosts with a port and a path. */
  basic: { pattern: new RegExp(`^[${letters}]*$`), means: "made of letters, digits and - . _ ~ / :" },
  /** URLs with a query. */
  url: { pattern: new RegExp(`^[${letters},?&=]*$`), means: "made of letters, digits and - . _ ~ / : , ? & =" },
  /** Paths that take in what an expression captured. */
  captures: { pattern: new RegExp(`^[${letters}$]*$`), means: "made of letters, digits and - . _ ~ / : $" },
  /** Expressions. */
  expression: {
    pattern: new RegExp(String.raw`^[${letters}^$[\](){}*+?|&=\\]*$`),
    means: "made of letters, digits and the characters of expressions",
  },
} as const satisfies Readonly<Record<string, TextRule>>;

/** What becomes of a value that its rule does not allow. */
export type Otherwise = "ignore" | "deny" | "drop";

const consequences = {
  ignore: { report: "report", text: "it is ignored, as ingress-nginx does" },
  deny: { report: "deny", text: "all paths of the Ingress answer 503, as ingress-nginx has it" },
  drop: { report: "drop", text: "nothing of the Ingress is served, as ingress-nginx has it" },
} as const;

/** Says that an annotation's value is not what it should be, with what ingress-nginx makes of that. */
export function reportInvalid(source: AnnotationSource, name: string, means: string, otherwise: Otherwise): void {
  const { report, text } = consequences[otherwise];
  source[report]("ingress-annotation-invalid", name, {
    message: `${name} is ${JSON.stringify(source.text(name))}, which is not ${means}: ${text}.`,
    fix: `Write a value that is ${means}, or remove the annotation.`,
  });
}

/** The value of an annotation if it is there, not empty, and its rule allows it. Spaces do not count where `spaces` is `ignored`. */
export function ruledText(
  source: AnnotationSource,
  name: string,
  rule: TextRule,
  {
    spaces = "counted",
    otherwise = "ignore",
  }: { readonly spaces?: "counted" | "ignored"; readonly otherwise?: Otherwise } = {},
): string | undefined {
  const text = source.text(name);
  if (text === undefined || text === "") return undefined;
  if (rule.pattern.test(spaces === "ignored" ? text.replaceAll(" ", "") : text)) return text;
  reportInvalid(source, name, rule.means, otherwise);
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
  means: string,
): T | undefined {
  const text = source.text(name);
  if (text === undefined || text === "") return undefined;
  const value = parse(text);
  if (value === undefined) reportInvalid(source, name, means, "drop");
  return value;
}
