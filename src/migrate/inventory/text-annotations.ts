import { controllerNames, controllers } from "../controllers/controllers.ts";

const prefixes = controllerNames.flatMap((name) => controllers[name].prefixes);
const written = new RegExp(
  `(?<![\\w./-])((?:${prefixes.map((prefix) => prefix.replaceAll(".", "\\.")).join("|")})[\\w.-]+)["']?\\s*:`,
  "g",
);

/**
 * Annotations of controllers that a text names as keys, each once, in order: for templates and values of charts, which are no objects
 * before they are rendered. Lines that are comments do not count.
 */
export function annotationsInText(text: string): readonly string[] {
  const names = new Set<string>();
  for (const line of text.split("\n")) {
    if (/^\s*#/.test(line)) continue;
    for (const [, name = ""] of line.matchAll(written)) names.add(name);
  }
  return [...names];
}
