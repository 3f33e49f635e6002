import { addressMatcher, parseCidr } from "../../base/cidr.ts";
import type { StreamAdmission } from "../../ir/authorization.ts";

/**
 * Tells by its address whether a client may have a stream; the first rule that matches decides. Of an address that cannot be read
 * nothing is known: a rule that denies matches, and one that allows does not.
 */
export function buildStreamAdmission({ rules, defaultAction }: StreamAdmission): (address: string) => boolean {
  const matchers = rules.map(({ action, clientCidrs }) => ({
    action,
    contains: addressMatcher(clientCidrs.flatMap((cidr) => parseCidr(cidr) ?? [])),
  }));
  return (address) => {
    for (const { action, contains } of matchers) {
      if (contains(address) ?? action === "deny") return action === "allow";
    }
    return defaultAction === "allow";
  };
}
