import type { Finding } from "../../finding/finding.ts";
import { ingressesOfClass } from "../../ingress/ingress-class.ts";
import type { CompileContext } from "../contract.ts";
import { byName } from "../order/by-name.ts";
import { byFlag } from "../report/by-flag.ts";
import { nameOf, refOf, report } from "../report/report.ts";

/** Says once that Ingresses of other classes are not served, at the first of them. */
export function findUnserved({ snapshot, options }: CompileContext): readonly Finding[] {
  if (snapshot.isEmpty("Ingress")) return [];
  const isOurs = ingressesOfClass(snapshot, options.ingress);
  const [first, ...others] = snapshot
    .list("Ingress")
    .filter((ingress) => !isOurs(ingress))
    .sort(byName);
  if (first === undefined) return [];
  const more = others.length === 0 ? " is" : ` and ${others.length} more are`;
  return [
    report(
      "ingress-not-served",
      { resource: first, pointer: "" },
      {
        message: `${nameOf(refOf(first))}${more} not served: no class that is served here has it.`,
        fix: `Create an IngressClass with controller: ${options.ingress.controllerName} and name it in spec.ingressClassName${byFlag(options, "--ingress-class", ", or run with --ingress-class to serve the class of another controller")}.`,
        related: others.map(refOf),
      },
    ),
  ];
}
