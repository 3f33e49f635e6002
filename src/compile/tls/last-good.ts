import { day } from "./certificate.ts";
import type { CertificateProblem } from "./secret-reader.ts";

/** The end of a message about a certificate that cannot be used: what is in use instead. Empty where nothing is. */
export function describeLastGood({ lastGood }: CertificateProblem): string {
  const leaf = lastGood?.chain[0];
  if (!leaf) return "";
  return ` The previous certificate stays in use; it is valid until ${day(leaf.validToDate.getTime())}.`;
}
