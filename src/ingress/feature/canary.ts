import { acceptedText, reportInvalid } from "../accepted-text.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { re2Pattern } from "../nginx-pattern.ts";
import { textRules } from "../text-rules.ts";

export type Canary = {
  /** What sends requests of the main Ingress here; `undefined`: the Ingress is no canary. */
  readonly split: CanarySplit | undefined;
  /**
   * Of a main Ingress with `affinity`: whether a client stays where its cookie leads, or is judged anew. The recorded
   * ingress-nginx keeps clients either way.
   */
  readonly clients: "stay" | "judged";
};

/** Asked in this order: header, cookie, weight. Each may decide, or leave it to the next. */
export type CanarySplit = {
  readonly header: CanaryHeader | undefined;
  /** Name of a cookie: `always` leads here and `never` away. Compared without regard to case. */
  readonly cookie: string | undefined;
  /** Share of the requests that are left, of `total`. Below 0 none, above `total` all. */
  readonly weight: number;
  /** At least 100. */
  readonly total: number;
};

/** `name` is lower case. */
export type CanaryHeader =
  /** `always` leads to the canary and `never` away. */
  | { readonly kind: "word"; readonly name: string }
  /** This value leads to the canary. */
  | { readonly kind: "value"; readonly name: string; readonly value: string }
  /** A value with something that fits leads to the canary. PCRE, not anchored, case counts. */
  | { readonly kind: "pattern"; readonly name: string; readonly pattern: string };

/** Parts of a canary that mean nothing where `canary` is not true. */
const parts = [
  "canary-weight",
  "canary-by-header",
  "canary-by-header-value",
  "canary-by-header-pattern",
  "canary-by-cookie",
] as const;

export const canary: IngressFeature<Canary> = {
  annotations: [
    {
      name: "canary",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Makes the Ingress another way for some requests to the same host and path of another Ingress.",
      otherwise: "false",
      handling: { kind: "served" },
    },
    {
      name: "canary-by-header",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Requests with this header set to always go to the canary, and to never to the main Ingress.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "canary-by-header-value",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Requests whose canary-by-header has this value go to the canary.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "canary-by-header-pattern",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Requests whose canary-by-header fits this expression go to the canary.",
      otherwise: "",
      handling: { kind: "partly", lacks: "what PCRE has and RE2 has not, such as look-ahead" },
    },
    {
      name: "canary-by-cookie",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Requests with this cookie set to always go to the canary, and to never to the main Ingress.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "canary-weight",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Share of requests that go to the canary, of canary-weight-total.",
      otherwise: "0",
      handling: { kind: "served" },
    },
    {
      name: "canary-weight-total",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "What canary-weight is a part of; below 100 it counts as 100.",
      otherwise: "100",
      handling: { kind: "served" },
    },
    {
      name: "affinity-canary-behavior",
      aliases: [],
      scope: "location",
      risk: "Low",
      means:
        "Whether a client with an affinity cookie stays where it is (sticky) or is judged by the canary anew (legacy).",
      otherwise: "sticky",
      handling: { kind: "served" },
    },
  ],
  read: (source) => ({
    split: readSplit(source),
    clients: source.text("affinity-canary-behavior") === "legacy" ? "judged" : "stay",
  }),
};

function readSplit(source: AnnotationSource): CanarySplit | undefined {
  if (source.flag("canary") !== true) {
    const [part] = parts.filter((name) => (source.text(name) ?? "") !== "");
    if (part !== undefined && source.text("canary") === undefined) {
      source.report("ingress-canary-without-switch", part, {
        message: `${part} is written without canary: "true", so the Ingress is no canary.`,
        fix: 'Write nginx.ingress.kubernetes.io/canary: "true", or remove the annotation.',
      });
    }
    return undefined;
  }
  const total = source.integer("canary-weight-total") ?? 100;
  if (total < 100) reportInvalid(source, "canary-weight-total", "100 or more", "ignore");
  return {
    header: readHeader(source),
    cookie: acceptedText(source, "canary-by-cookie", textRules.basicWithSpaces),
    weight: source.integer("canary-weight") ?? 0,
    total: Math.max(total, 100),
  };
}

function readHeader(source: AnnotationSource): CanaryHeader | undefined {
  const name = acceptedText(source, "canary-by-header", textRules.basicWithSpaces)?.toLowerCase();
  const value = acceptedText(source, "canary-by-header-value", textRules.basicWithSpaces);
  const pattern = acceptedText(source, "canary-by-header-pattern", textRules.expression);
  if (name === undefined) {
    if (value !== undefined) unused("canary-by-header-value", "there is no canary-by-header");
    if (pattern !== undefined) unused("canary-by-header-pattern", "there is no canary-by-header");
    return undefined;
  }
  if (value !== undefined) {
    if (pattern !== undefined) unused("canary-by-header-pattern", "canary-by-header-value is there, too");
    return { kind: "value", name, value };
  }
  if (pattern === undefined) return { kind: "word", name };
  const expression = re2Pattern(pattern, { ignoresCase: false });
  if (expression.kind === "error") {
    source.report("ingress-canary-pattern-unusable", "canary-by-header-pattern", {
      message: `canary-by-header-pattern is ${JSON.stringify(pattern)}, which cannot be used: ${expression.message}.`,
      fix: expression.fix,
    });
  }
  return { kind: "pattern", name, pattern };

  function unused(annotation: string, because: string): void {
    source.report("ingress-canary-setting-unused", annotation, {
      message: `${annotation} has no effect: ${because}.`,
      fix: "Remove the annotation.",
    });
  }
}
