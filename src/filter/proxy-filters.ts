import type { Filter, FilterKind, PlacedFilter } from "../ir/filter.ts";
import type { ProxyFilter } from "../proxy/chain.ts";
import { buildCors } from "./cors/proxy.ts";
import { buildDirectResponse } from "./directResponse/proxy.ts";
import { buildHeaderModifier } from "./headerModifier/proxy.ts";
import { buildRequestRedirect } from "./requestRedirect/proxy.ts";
import { buildUrlRewrite } from "./urlRewrite/proxy.ts";

type OfKind<K extends FilterKind> = Extract<Filter, { kind: K }>;

/** How the embedded proxy serves a filter: by a builder, or in its engine because the filter calls other servers. */
type Entry<K extends FilterKind> =
  | { readonly kind: "built"; readonly build: (filter: OfKind<K>) => ProxyFilter }
  | { readonly kind: "unsupportedHere"; readonly why: string };

/** Every kind of filter; one that is missing here is a type error. */
export const proxyFilters = {
  headerModifier: { kind: "built", build: buildHeaderModifier },
  requestRedirect: { kind: "built", build: buildRequestRedirect },
  urlRewrite: { kind: "built", build: buildUrlRewrite },
  cors: { kind: "built", build: buildCors },
  directResponse: { kind: "built", build: buildDirectResponse },
  requestMirror: { kind: "unsupportedHere", why: "it needs an upstream connection: the engine runs it" },
  externalAuth: { kind: "unsupportedHere", why: "it waits for another server: the engine runs it" },
} as const satisfies { readonly [K in FilterKind]: Entry<K> };

/** Kinds that {@link buildProxyFilters} builds; the engine runs the others itself. */
export type BuiltFilterKind = {
  [K in FilterKind]: (typeof proxyFilters)[K]["kind"] extends "built" ? K : never;
}[FilterKind];

/** Builds the filters of a rule or backend in their order. Those that the engine runs itself are passed over. */
export function buildProxyFilters(placed: readonly PlacedFilter[]): readonly ProxyFilter[] {
  return placed.flatMap(({ filter }) => buildProxyFilter(filter) ?? []);
}

/** Builds one filter; `undefined` for a kind that the engine runs itself. */
export function buildProxyFilter(filter: Filter): ProxyFilter | undefined {
  const entry = proxyFilters[filter.kind];
  // The table pairs each kind with its own builder; that the two agree is beyond what an index can say.
  return entry.kind === "built" ? (entry.build as (filter: Filter) => ProxyFilter)(filter) : undefined;
}
