import type { FindingRow } from "../finding.ts";

/** SL8xxx: what is wrong with Ingresses, their annotations and the configuration of their controller. */
export const ingressFindings = {
  // SL8000: Ingresses, hosts, paths, configuration.
  "ingress-annotation-invalid": {
    code: "SL8000",
    severity: "warning",
    title: "An annotation of an Ingress has a value that ingress-nginx does not take",
    why: "ingress-nginx ignores such a value without its admission webhook, and refuses the Ingress with it. Here, too, what holds without the annotation holds.",
  },
  // SL8100: rewrites, redirects, canaries, snippets.
  // SL8200: access, CORS, limits.
  // SL8300: headers, bodies, errors, mirrors, logs.
  // SL8400: backends.
} satisfies Record<string, FindingRow>;
