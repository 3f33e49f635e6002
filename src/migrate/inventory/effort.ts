import type { Complexity } from "./inventory.ts";
import type { JudgedAnnotation } from "./judge-annotation.ts";

/**
 * Minutes of a person's time to convert, to read what was written, to compare and to move. Estimates, the same for everybody: they rank
 * Ingresses, and promise nothing.
 */
export const effortMinutes = {
  /** Any Ingress. */
  base: 5,
  /** Each annotation that becomes a field of the Gateway API. */
  standard: 1,
  /** Each that becomes a policy. */
  policy: 5,
  /** Each that is served but for something. */
  partly: 10,
  snippet: 30,
  /** Each that nothing takes the place of. */
  blocked: 60,
  /** Each reason why an Ingress cannot be read, or is left out by its controller. */
  broken: 30,
} as const;

export type Effort = {
  readonly complexity: Complexity;
  /** For all that is more than fields of the Gateway API. */
  readonly reasons: readonly string[];
  readonly minutes: number;
};

/** How much work an Ingress is. `problems`: why it is not served as it stands, in sentences. */
export function judgeEffort(annotations: readonly JudgedAnnotation[], problems: readonly string[]): Effort {
  const blocking = annotations.filter(isBlocking);
  const snippets = annotations.filter(({ snippet }) => snippet);
  const policies = annotations.filter((each) => !isBlocking(each) && !each.snippet && needsPolicy(each));
  const reasons = [
    ...problems,
    ...[...blocking, ...policies].map(({ name, becomes }) => `${shortName(name)}: ${becomes}`),
    ...snippets.map(({ name }) => `${shortName(name)}: configuration of nginx`),
  ];
  const own = annotations.reduce((sum, annotation) => sum + minutesOf(annotation), 0);
  return {
    complexity:
      problems.length > 0 || blocking.length > 0
        ? "blocked"
        : snippets.length > 0
          ? "snippets"
          : policies.length > 0
            ? "policies"
            : "trivial",
    reasons,
    minutes: effortMinutes.base + problems.length * effortMinutes.broken + own,
  };
}

/** Without the prefix: reasons are read in the light of one Ingress. */
function shortName(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

/** Not served, or served as Ingress and without anything to convert it to. */
function isBlocking({ outcome, snippet, becoming }: JudgedAnnotation): boolean {
  return !snippet && (outcome === "refused" || becoming?.kind === "manual");
}

function needsPolicy({ becoming, outcome }: JudgedAnnotation): boolean {
  return becoming?.kind === "policy" || becoming?.kind === "infrastructure" || outcome === "partly";
}

function minutesOf(annotation: JudgedAnnotation): number {
  if (annotation.snippet) return effortMinutes.snippet;
  if (isBlocking(annotation)) return effortMinutes.blocked;
  if (annotation.outcome === "partly") return effortMinutes.partly;
  if (annotation.outcome === "noEffect" || annotation.becoming === undefined) return 0;
  return needsPolicy(annotation) ? effortMinutes.policy : effortMinutes.standard;
}
