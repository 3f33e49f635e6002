import { parseQuery } from "../../ir/query.ts";
import type { ClientSelector, SelectorValue } from "../../ir/rate-limit.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";

/** One value of a request; `undefined`: it has none. */
export type RequestValue = (request: RequestHead, exchange: FilterExchange) => string | undefined;

/** A value that a selector compares. */
export type ReadValue = { readonly wanted: SelectorValue; readonly read: RequestValue };

/** The values that a selector compares, in the order in which it lists them. */
export function readValues({ headers, query, claims }: ClientSelector): readonly ReadValue[] {
  return [
    ...headers.map((wanted) => ({ wanted, read: headerReader(wanted.name) })),
    ...query.map((wanted) => ({ wanted, read: (request: RequestHead) => parseQuery(request.query).get(wanted.name) })),
    ...claims.map((wanted) => ({ wanted, read: claimReader(wanted.name) })),
  ];
}

function headerReader(name: string): RequestValue {
  return name === ":authority" ? (request) => request.host : (request) => request.header(name);
}

/** A claim as text: a list or an object is none. A claim whose name has dots comes before one that is inside others. */
function claimReader(name: string): RequestValue {
  const names = name.split(".");
  return (_request, { established: { claims } }) => {
    if (claims === undefined) return undefined;
    return claimText(Object.hasOwn(claims, name) ? claims[name] : claimWithin(claims, names));
  };
}

function claimWithin(claims: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of names) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function claimText(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : undefined;
}
