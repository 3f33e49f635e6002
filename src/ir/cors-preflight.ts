import type { HttpRule } from "./routing-model.ts";

/** The request that a CORS preflight asks for, as far as it is told. Fetch standard, "CORS-preflight request". */
export type AskedRequest = {
  readonly method: string;
  /** Headers that it will have, in lower case; their values are not told. */
  readonly announced: ReadonlySet<string>;
};

/** Reads what a preflight asks for; `undefined` for any other request. `header` is by lower-case name. */
export function readPreflight(request: {
  readonly method: string;
  header(name: string): string | undefined;
}): AskedRequest | undefined {
  if (request.method !== "OPTIONS" || request.header("origin") === undefined) return undefined;
  const method = request.header("access-control-request-method");
  if (method === undefined) return undefined;
  const names = request.header("access-control-request-headers") ?? "";
  return { method, announced: new Set(names.split(",").map((name) => name.trim().toLowerCase())) };
}

/**
 * Whether the gateway answers preflights for the rule. Then its matches see a preflight as the request that it asks for, too: it has
 * another method than that, and not its headers. Spec: HTTPCORSFilter (GEP-1767).
 */
export function answersPreflights(rule: HttpRule): boolean {
  return rule.filters.some(({ filter }) => filter.kind === "cors");
}
