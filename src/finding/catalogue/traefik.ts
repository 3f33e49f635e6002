import type { FindingRow } from "../finding.ts";

/** SL905x: what `sluice migrate convert` could not turn of Traefik's kinds into the Gateway API. */
export const traefikFindings = {
  "traefik-rule-not-converted": {
    code: "SL9050",
    severity: "error",
    title: "A rule of an IngressRoute is not converted",
    why: "A route says what fits, in fewer ways than Traefik's rules. Leaving a condition out would let in requests that the rule keeps out.",
  },
  "traefik-differs": {
    code: "SL9051",
    severity: "info",
    title: "A rule of an IngressRoute is converted to one that differs in a detail",
    why: "The Gateway API says almost the same in another way.",
  },
  "traefik-by-hand": {
    code: "SL9052",
    severity: "warning",
    title: "Something of an IngressRoute is left to do by hand",
    why: "The Gateway API has no field for it, or it needs an object that only you can make.",
  },
} as const satisfies Record<string, FindingRow>;
