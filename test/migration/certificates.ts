/** Certificates that the recorded cases name: made once for a run. */
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";

export type Certificates = {
  /** What a gateway trusts of clients. */
  readonly clientAuthority: TestCertificate;
  /** What a gateway trusts of backends. */
  readonly backendAuthority: TestCertificate;
  readonly otherAuthority: TestCertificate;
  /** Of the backends, for `backend.internal`. */
  readonly backend: TestCertificate;
  /** Of clients, by the name that requests use. */
  readonly clients: Readonly<Record<string, TestCertificate>>;
};

export function makeCertificates(): Certificates {
  const authority = makeCertificate({ commonName: "oracle-ca", authority: "yes" });
  const otherAuthority = makeCertificate({ commonName: "other-ca", authority: "yes" });
  return {
    clientAuthority: authority,
    backendAuthority: authority,
    otherAuthority,
    backend: makeCertificate({ commonName: "backend.internal", names: ["backend.internal"], issuer: authority }),
    clients: {
      client: makeCertificate({ commonName: "alice", issuer: authority }),
      "client-bob": makeCertificate({ commonName: "bob", issuer: authority }),
      "client-other": makeCertificate({ commonName: "mallory", issuer: otherAuthority }),
    },
  };
}
