import { createHash, type X509Certificate } from "node:crypto";
import { compileTextMatch } from "../ir/text-match.ts";
import type { CertificateDemands, CertificateName, ClientValidation } from "../ir/tls.ts";
import type { ConnectionSecurity } from "./listener/downstream-connection.ts";
import { parseSubjectAltNames } from "./upstream/tls-context.ts";

/** As Node names them. */
const nameKinds = { dns: "DNS", email: "email", ip: "IP Address", uri: "URI" } as const satisfies Record<
  CertificateName["kind"],
  string
>;

/** A client's certificate, held to what listeners demand of it: once for each demand, however many requests come. */
export class CertificateIdentity {
  readonly #certificate: X509Certificate;
  readonly #verdicts = new WeakMap<CertificateDemands, boolean>();

  constructor(certificate: X509Certificate) {
    this.#certificate = certificate;
  }

  fits(demands: CertificateDemands | undefined): boolean {
    if (demands === undefined) return true;
    let verdict = this.#verdicts.get(demands);
    if (verdict === undefined) {
      verdict = this.#judge(demands);
      this.#verdicts.set(demands, verdict);
    }
    return verdict;
  }

  #judge({ keys, certificates, names }: CertificateDemands): boolean {
    const { raw, publicKey, subjectAltName } = this.#certificate;
    const hash = (bytes: Buffer, encoding: "base64" | "hex") => createHash("sha256").update(bytes).digest(encoding);
    if (keys.length > 0 && !keys.includes(hash(publicKey.export({ type: "spki", format: "der" }), "base64")))
      return false;
    if (certificates.length > 0 && !certificates.includes(hash(raw, "hex"))) return false;
    if (names.length === 0) return true;
    const carried = parseSubjectAltNames(subjectAltName ?? "");
    return names.some(({ kind, match }) => {
      const fits = compileTextMatch(match);
      return carried.some((name) => name.kind === nameKinds[kind] && fits(name.value));
    });
  }
}

/** Whether a listener lets the client of a connection in. */
export function admitsClient(
  validation: ClientValidation | undefined,
  { authorized, clientCertificate }: Pick<ConnectionSecurity, "authorized" | "clientCertificate">,
): boolean {
  if (validation === undefined) return true;
  const presented = clientCertificate?.presented;
  switch (validation.mode) {
    case "allowInsecureFallback":
      return true;
    case "allowValidOnly":
      return authorized && presented?.fits(validation.demands) === true;
    case "validIfGiven":
      return presented === undefined || (authorized && presented.fits(validation.demands));
    case "anyCertificate":
      return presented?.fits(validation.demands) === true;
  }
}
