import type { BalanceSubject } from "./balance-subject.ts";

/** Addresses that one header may list; a longer list is cut. */
const maxNamed = 16;
const none: readonly string[] = [];

/**
 * The endpoints that a request asks for by `address:port`, several by comma, in the first of the headers that it has. Spec:
 * BackendTrafficPolicy.loadBalancer.endpointOverride.
 */
export function namedEndpoints(headers: readonly string[], subject: BalanceSubject): readonly string[] {
  for (const name of headers) {
    const value = subject.header(name);
    if (value !== undefined) return value.split(",", maxNamed).map((label) => label.trim());
  }
  return none;
}
