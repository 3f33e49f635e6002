import type { Counter } from "../../ir/rate-limit.ts";

/** Name of the table that a counter is kept in, where a filter of it stands. */
export function tableName({ name, shared }: Counter, { place }: { readonly place: string }): string {
  return shared ? name : `${name} on ${place}`;
}
