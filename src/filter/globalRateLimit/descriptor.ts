import type { ClientSelector, RateLimitRule } from "../../ir/rate-limit.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";
import { type RequestValue, readValues } from "../rateLimit/request-value.ts";

type Entries = readonly (readonly [key: string, value: string])[];

/** Makes the entries of a request that a rule is about. */
export type DescriptorBuilder = (request: RequestHead, exchange: FilterExchange) => Entries;

/**
 * Builds descriptors as Envoy Gateway does: what counts, then `rule-N-match-M` for each comparison, with the client's value
 * where values are told apart, then the network; `rule-N-match--1` for a rule that is about every request. `place`: what counts.
 */
export function buildDescriptor(
  { selectors }: RateLimitRule,
  { place, index }: { readonly place: string; readonly index: number },
): DescriptorBuilder {
  const parts: (readonly [key: string, value: string | RequestValue])[] = [[place, place]];
  let match = 0;
  const compared = (value: RequestValue | undefined): void => {
    const key = `rule-${index}-match-${match++}`;
    parts.push([key, value ?? key]);
  };
  for (const selector of selectors) {
    for (const { wanted, read } of readValues(selector)) compared(wanted.kind === "distinct" ? read : undefined);
    if (selector.methods.length > 0) compared(undefined);
    if (selector.path !== undefined) compared(undefined);
  }
  for (const { network } of selectors) parts.push(...networkParts(network));
  if (parts.length === 1) parts.push([`rule-${index}-match--1`, `rule-${index}-match--1`]);
  return (request, exchange) =>
    parts.map(([key, value]) => [key, typeof value === "string" ? value : (value(request, exchange) ?? "")]);
}

function networkParts(network: ClientSelector["network"]): readonly (readonly [string, string | RequestValue])[] {
  if (network === undefined) return [];
  const masked = ["masked_remote_address", network.cidr] as const;
  if (!network.distinct) return [masked];
  return [masked, ["remote_address", (_request: RequestHead, { facts }: FilterExchange) => facts.clientAddress]];
}
