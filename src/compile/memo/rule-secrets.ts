import { changesOf } from "../../base/record-changes.ts";
import { UseCount } from "../../base/use-count.ts";
import type { GatewayKey, GatewayModel } from "../../ir/routing-model.ts";
import { secretKeysOfRule } from "../../ir/secret-keys.ts";
import type { SecretKey } from "../../ir/tls.ts";

type Rules = GatewayModel["httpRules"];

const noRules: Rules = {};

/** What the filters of all rules name of the secret table, counted at the cost of the rules that changed. */
export class RuleSecrets {
  readonly #uses = new UseCount();
  #counted = new Map<GatewayKey, Rules>();

  /** Takes the Gateways of another model. */
  update(gateways: readonly GatewayModel[]): Iterable<SecretKey> {
    const before = this.#counted;
    this.#counted = new Map();
    for (const { key, httpRules } of gateways) {
      this.#count(before.get(key) ?? noRules, httpRules);
      before.delete(key);
      this.#counted.set(key, httpRules);
    }
    for (const rules of before.values()) this.#count(rules, noRules);
    return this.#uses.keys();
  }

  #count(before: Rules, after: Rules): void {
    const { set, gone } = changesOf(before, after);
    for (const key of [...set, ...gone]) {
      const old = before[key];
      const young = after[key];
      if (young !== undefined) this.#uses.add(secretKeysOfRule(young));
      if (old !== undefined) this.#uses.remove(secretKeysOfRule(old));
    }
    this.#uses.takeTouched();
  }
}
