/**
 * Every finding that Sluice can produce, in one table by area. A name that is not here is a type error where it is used;
 * a row that no test produces fails the gate; `docs/reference/findings.md` is written from it.
 */
import { attachFindings } from "./catalogue/attach.ts";
import { backendFindings } from "./catalogue/backend.ts";
import { certificateFindings } from "./catalogue/certificate.ts";
import { convertFindings } from "./catalogue/convert.ts";
import { gatewayFindings } from "./catalogue/gateway.ts";
import { ingressFindings } from "./catalogue/ingress.ts";
import { planeFindings } from "./catalogue/plane.ts";
import { policyFindings } from "./catalogue/policy.ts";
import { routeFindings } from "./catalogue/route.ts";
import { sourceFindings } from "./catalogue/source.ts";
import { traefikFindings } from "./catalogue/traefik.ts";
import type { Finding, FindingRow, ObjectRef, Position } from "./finding.ts";
import { withoutCredentials } from "./finding-text.ts";

export const catalogue = {
  ...sourceFindings,
  ...gatewayFindings,
  ...attachFindings,
  ...routeFindings,
  ...backendFindings,
  ...policyFindings,
  ...certificateFindings,
  ...planeFindings,
  ...convertFindings,
  ...ingressFindings,
  ...traefikFindings,
} satisfies Record<string, FindingRow>;

/** The key of a row, such as `"parent-ref-no-match"`. */
export type FindingName = keyof typeof catalogue;

/** The parts of a finding that differ from one occurrence to the next. */
export type FindingDetail = {
  readonly object: ObjectRef;
  readonly pointer?: string;
  readonly position?: Position;
  readonly message: string;
  readonly fix: string;
  readonly related?: readonly ObjectRef[];
};

/** Builds a finding from its row and what is particular to this occurrence. */
export function makeFinding(name: FindingName, detail: FindingDetail): Finding {
  const row: FindingRow = catalogue[name];
  return {
    name,
    code: row.code,
    severity: row.severity,
    object: detail.object,
    pointer: detail.pointer ?? "",
    ...(detail.position ? { position: detail.position } : {}),
    message: withoutCredentials(detail.message),
    why: row.why,
    fix: withoutCredentials(detail.fix),
    ...(detail.related ? { related: detail.related } : {}),
  };
}
