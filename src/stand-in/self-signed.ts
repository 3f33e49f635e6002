import { type KeyedCertificate, makeCertificate } from "../x509/make-certificate.ts";

const lifeDays = 30;
const dayMs = 86_400_000;

/**
 * Makes an ECDSA P-256 certificate that signs itself, for `names` (DNS names, wildcards or IP addresses; `localhost` when
 * there are none), valid from a day before `nowMs` for 30 days. For trying things out: no client trusts it by itself.
 */
export function makeSelfSigned(names: readonly string[], nowMs: number): KeyedCertificate {
  const subjects = names.length > 0 ? names : ["localhost"];
  return makeCertificate({
    organization: "Sluice self-signed",
    commonName: subjects[0] ?? "",
    purpose: "serverAuth",
    alternativeNames: subjects.map((value) => ({ kind: "host", value })),
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + lifeDays * dayMs,
  });
}
