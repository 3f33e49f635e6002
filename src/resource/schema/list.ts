import { z } from "zod";
import { repeated, rule } from "./rule.ts";
import { quote } from "./text.ts";

/** Bounds of a list's length. */
export type ListLimits = { readonly min?: number; readonly max?: number };

/** A list whose order counts and whose elements may repeat. */
export function listOf<T extends z.ZodType>(item: T, limits: ListLimits = {}) {
  const list = z.array(item);
  const bounded = limits.max === undefined ? list : list.max(limits.max);
  return limits.min === undefined ? bounded : bounded.min(limits.min);
}

/** A list of plain values, each at most once. Spec: list type `set`. */
export function setOf<T extends z.ZodType<string | number>>(item: T, limits: ListLimits = {}) {
  return listOf(item, limits)
    .check(
      rule((values, report) => {
        for (const { index, first } of repeated<string | number>(values, String)) {
          report(
            [index],
            `repeats ${quote(String(values[index]))}, which is already at index ${first}`,
            "Remove one of the two.",
          );
        }
      }),
    )
    .meta({ "x-kubernetes-list-type": "set" });
}

/** A list whose elements are told apart by key fields, each combination at most once. Spec: list type `map`. */
export function mapBy<T extends z.ZodObject>(
  item: T,
  keys: readonly (keyof z.output<T> & string)[],
  limits: ListLimits = {},
) {
  return listOf(item, limits)
    .check(
      rule((values, report) => {
        const keyOf = (value: Record<string, unknown>) => JSON.stringify(keys.map((key) => value[key] ?? null));
        for (const { index, first } of repeated(values as Record<string, unknown>[], keyOf)) {
          const shown = keys
            .map((key) => `${key} ${quote(String((values[index] as Record<string, unknown>)[key]))}`)
            .join(", ");
          report(
            [index, ...keys.slice(0, 1)],
            `repeats ${shown}, which is already at index ${first}`,
            `Remove one of the two, or give it another ${keys.join(" or ")}.`,
          );
        }
      }),
    )
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [...keys] });
}
