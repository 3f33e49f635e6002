import { FractionChoice } from "../../base/fraction-choice.ts";
import type { Tracing } from "../../ir/tracing.ts";

/** Decides which requests are recorded. Shares are exact over every run of their denominator. Spec: XTelemetryPolicy.tracing. */
export class Sampler {
  readonly #roots: FractionChoice;
  readonly #children: FractionChoice | undefined;

  constructor({ sampling, parentSampling }: Pick<Tracing, "sampling" | "parentSampling">) {
    this.#roots = new FractionChoice(sampling);
    this.#children = parentSampling === undefined ? undefined : new FractionChoice(parentSampling);
  }

  /** `parentSampled`: what the caller's traceparent says; `undefined` when there is none. */
  choose(parentSampled: boolean | undefined): boolean {
    if (parentSampled === undefined || this.#children === undefined) return this.#roots.next();
    return parentSampled && this.#children.next();
  }
}
