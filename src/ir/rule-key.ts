import type { ListenerKey, RuleKey } from "./routing-model.ts";

/** The key of a rule that is another on one listener. */
export function ruleKeyOn(rule: RuleKey, listener: ListenerKey): RuleKey {
  return `${rule} ${listener}`;
}

/** The key of the rule as it was written, whatever listener it is on. Names in keys have no spaces. */
export function writtenRule(key: RuleKey): RuleKey {
  const end = key.indexOf(" ");
  return end < 0 ? key : key.slice(0, end);
}
