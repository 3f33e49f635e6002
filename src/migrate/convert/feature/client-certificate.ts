import type { ClientCertificate } from "../../../ingress/feature/client-certificate.ts";
import { type ConvertServerFeature, nothingConvertedOfServer } from "../convert-feature.ts";
import { policyGroup } from "../options.ts";

const modes = { on: "RequireAndVerify", optional: "VerifyIfGiven", optional_no_ca: "Request" } as const;

export const convertClientCertificate: ConvertServerFeature<ClientCertificate | undefined> = (setting, scope) => {
  if (setting === undefined) return nothingConvertedOfServer;
  if (setting.kind === "refused") {
    scope.deny("convert-refused", "auth-tls-secret", {
      message:
        "ingress-nginx answers 403 to every request for the host, because auth-tls-secret or what goes with it cannot be used.",
      fix: "Correct the annotations, and convert again.",
    });
    return nothingConvertedOfServer;
  }
  const { authorities, verify, subject, errorPage, tellsCertificate, depth } = setting;
  if (verify === "off") return nothingConvertedOfServer;
  if (subject !== undefined) {
    scope.deny("convert-refused", "auth-tls-match-cn", {
      message: `auth-tls-match-cn ${JSON.stringify(subject)} is not converted: policies compare alternative names of certificates, not their subject.`,
      fix: "Issue certificates with alternative names, and list these in subjectAltNames.",
    });
    return nothingConvertedOfServer;
  }
  const lost: readonly (readonly [boolean, string, string])[] = [
    [errorPage !== undefined, "auth-tls-error-page", "clients without a valid certificate cannot make a connection"],
    [
      tellsCertificate,
      "auth-tls-pass-certificate-to-upstream",
      "backends are told subject and names of the certificate in X-Forwarded-Client-Cert, not the certificate in ssl-client-cert",
    ],
    [depth !== 1, "auth-tls-verify-depth", "chains may be of any length"],
  ];
  for (const [holds, annotation, message] of lost) {
    if (holds)
      scope.report("convert-lost", annotation, {
        message: `${annotation} is not converted: ${message}.`,
        fix: "Nothing, if that will do.",
      });
  }
  scope.report("convert-differs", "auth-tls-secret", {
    message:
      "A client without a valid certificate cannot make a connection; ingress-nginx lets it make one and answers 400.",
    fix: "Nothing.",
  });
  return {
    ...nothingConvertedOfServer,
    onlyHttps: true,
    clientPolicy: {
      tls: {
        clientValidation: {
          mode: modes[verify],
          caCertificateRefs: [{ group: "", kind: "Secret", ...authorities }],
        },
      },
      ...(tellsCertificate ? { headers: { xForwardedClientCert: { mode: "SanitizeSet" } } } : {}),
    },
    grants: [
      {
        from: { group: policyGroup[scope.policies], kind: "ClientTrafficPolicy" },
        to: { group: "", kind: "Secret", ...authorities },
      },
    ],
  };
};
