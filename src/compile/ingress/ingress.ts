import type { Finding } from "../../finding/finding.ts";
import type { CompileContext } from "../contract.ts";
import { byName } from "../order/by-name.ts";
import { nameOf, refOf, report } from "../report/report.ts";

/** Says once that Ingresses are not served, at the first of them. */
export function findIngresses({ snapshot }: CompileContext): readonly Finding[] {
  const [first, ...others] = [...snapshot.list("Ingress")].sort(byName);
  if (first === undefined) return [];
  const more = others.length === 0 ? " is" : ` and ${others.length} more are`;
  return [
    report(
      "ingress-not-served",
      { resource: first, pointer: "" },
      {
        message: `${nameOf(refOf(first))}${more} not served: Sluice serves only Gateway API routes.`,
        fix: "Write an HTTPRoute with the same host, path and backend, and a parentRef to a Gateway.",
        related: others.map(refOf),
      },
    ),
  ];
}
