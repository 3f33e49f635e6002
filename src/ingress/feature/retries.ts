import { acceptedText, type TextRule } from "../accepted-text.ts";
import { annotationRow } from "../annotation.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { wholeNumber } from "../whole-number.ts";

const conditionWords = [
  "error",
  "timeout",
  "invalid_header",
  "http_403",
  "http_404",
  "http_429",
  "http_500",
  "http_502",
  "http_503",
  "http_504",
] as const;

/** What of an attempt makes nginx go on to the next endpoint, in its words. */
export type RetryCondition = (typeof conditionWords)[number];

export type Retries = {
  /** In the order of nginx's documentation. Empty: nothing is tried again. */
  readonly on: readonly RetryCondition[];
  /** Requests such as POST too, once they have been sent. */
  readonly nonIdempotent: boolean;
  /** Attempts in all. 0: no limit. */
  readonly tries: number;
  /** From the first attempt; none begins later. 0: no limit. Seconds. */
  readonly timeoutSeconds: number;
};

/** Annotations: proxy-next-upstream, proxy-next-upstream-tries, proxy-next-upstream-timeout. */
export const retries: IngressFeature<Retries> = {
  annotations: [
    annotationRow(
      "proxy-next-upstream",
      "Medium",
      "What of an attempt at an endpoint leads to another attempt.",
      "error timeout",
    ),
    annotationRow(
      "proxy-next-upstream-tries",
      "Low",
      "How many attempts there are at most; 0 is as many as it takes.",
      "3",
      { handling: { kind: "partly", lacks: "With 0 there are no more than 32 attempts." } },
    ),
    annotationRow(
      "proxy-next-upstream-timeout",
      "Low",
      "How long after the first attempt others may begin, in seconds; 0 is any time.",
      "0",
    ),
  ],
  read: (source) => ({
    ...conditions(source),
    tries: readTries(source),
    timeoutSeconds: wholeNumber(source, "proxy-next-upstream-timeout", {
      key: "proxy-next-upstream-timeout",
      value: 0,
    }),
  }),
};

function readTries(source: AnnotationSource): number {
  const name = "proxy-next-upstream-tries";
  const tries = wholeNumber(source, name, { key: name, value: 3 });
  if (tries === 0 && source.text(name) !== undefined) {
    source.report("ingress-tries-unlimited", name, {
      message: `${name} is 0, which is no limit in nginx: there are 32 attempts at most.`,
      fix: "Write how many attempts there are to be.",
    });
  }
  return tries;
}

const conditionList: TextRule = {
  accepts: (text) => readConditions(text) !== undefined,
  wants: `off, or some of ${[...conditionWords, "non_idempotent"].join(", ")} with spaces between them`,
};

function conditions(source: AnnotationSource): Pick<Retries, "on" | "nonIdempotent"> {
  const text = acceptedText(source, "proxy-next-upstream", conditionList);
  const everywhere = source.controller.value("retry-non-idempotent") === "true";
  const written = text === undefined ? undefined : readConditions(text);
  const { on, nonIdempotent } = written ??
    readConditions(source.controller.value("proxy-next-upstream") ?? "") ?? {
      on: ["error", "timeout"],
      nonIdempotent: false,
    };
  return { on, nonIdempotent: nonIdempotent || everywhere };
}

/** `undefined`: empty, or with other words. `off` anywhere is the end of it, as nginx has it. */
function readConditions(text: string): Pick<Retries, "on" | "nonIdempotent"> | undefined {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const known = words.every(
    (word) => word === "off" || word === "non_idempotent" || conditionWords.includes(word as RetryCondition),
  );
  if (words.length === 0 || !known) return undefined;
  return {
    on: words.includes("off") ? [] : conditionWords.filter((word) => words.includes(word)),
    nonIdempotent: words.includes("non_idempotent"),
  };
}
