import { compareText } from "../order/by-name.ts";
import type { PolicyEffect } from "../policy/policy-effect.ts";
import { Holders } from "./holders.ts";

/** What becomes of policies on all listeners and routes. */
export class PolicyEffects {
  readonly #holders = new Holders<string>();
  /** Each effect once, by what it says, by policy. */
  readonly #byPolicy = new Map<string, Map<string, PolicyEffect>>();

  /** Takes back what one listener or route has brought about, and puts in what it brings about now. */
  replace(before: readonly PolicyEffect[], after: readonly PolicyEffect[]): void {
    if (before === after) return;
    for (const effect of before) this.#holders.change(JSON.stringify(effect), -1);
    for (const effect of after) this.#holders.change(JSON.stringify(effect), 1);
  }

  /** Takes in what has changed. Returns whether anything has since the last call. */
  flush(): boolean {
    const { came, gone } = this.#holders.flush();
    for (const text of came) {
      const effect: PolicyEffect = JSON.parse(text);
      const ofPolicy = this.#byPolicy.get(effect.policy) ?? new Map<string, PolicyEffect>();
      this.#byPolicy.set(effect.policy, ofPolicy.set(text, effect));
    }
    for (const text of gone) {
      const { policy }: PolicyEffect = JSON.parse(text);
      const ofPolicy = this.#byPolicy.get(policy);
      ofPolicy?.delete(text);
      if (ofPolicy?.size === 0) this.#byPolicy.delete(policy);
    }
    return came.length + gone.length > 0;
  }

  /** What becomes of one policy, in an order that does not depend on how it came about. After a flush. */
  of(policy: string): readonly PolicyEffect[] {
    const effects = [...(this.#byPolicy.get(policy) ?? [])];
    return effects.sort(([a], [b]) => compareText(a, b)).map(([, effect]) => effect);
  }
}
