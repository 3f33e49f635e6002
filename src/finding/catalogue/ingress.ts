import type { FindingRow } from "../finding.ts";

/** SL8xxx. */
export const ingressFindings = {
  "ingress-annotation-invalid": {
    code: "SL8000",
    severity: "warning",
    title: "An annotation of an Ingress has a value that ingress-nginx does not take",
    why: "ingress-nginx ignores such a value without its admission webhook, and refuses the Ingress with it. Here, too, what holds without the annotation holds.",
  },
} satisfies Record<string, FindingRow>;
