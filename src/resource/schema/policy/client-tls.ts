import { z } from "zod";
import { withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { secretObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { text } from "../text.ts";
import { stringMatch, stringMatchFields } from "./string-match.ts";
import { tlsRules, tlsSettings } from "./tls-settings.ts";

const names = listOf(stringMatch, { max: 16 });

const subjectAltNames = z.object({
  dnsNames: optional(names, "DNS names."),
  emailAddresses: optional(names, "Email addresses."),
  ipAddresses: optional(names, "IP addresses."),
  uris: optional(names, "URIs, such as SPIFFE identities."),
  otherNames: optional(
    listOf(z.object({ oid: text({ min: 1, max: 253 }).describe("Type of the name."), ...stringMatchFields }), {
      max: 16,
    }),
    "Names of other types.",
  ),
});

const clientValidation = z.object({
  optional: optional(z.boolean(), "Takes clients without a certificate too. Deprecated: use mode."),
  mode: optional(
    z.enum(["Request", "RequireAny", "VerifyIfGiven", "RequireAndVerify"]),
    "Whether a certificate is required and verified. Default: RequireAndVerify.",
  ),
  caCertificateRefs: optional(
    listOf(secretObjectReference, { max: 8 }),
    "Authorities of the certificates: ConfigMaps or Secrets with ca.crt.",
  ),
  spkiHashes: optional(
    listOf(text({ min: 1, max: 64 }), { max: 16 }),
    "SHA-256 of the public key, in Base64, of which one must fit.",
  ),
  certificateHashes: optional(
    listOf(text({ min: 1, max: 128 }), { max: 16 }),
    "SHA-256 of the certificate, in hexadecimal, of which one must fit.",
  ),
  subjectAltNames: optional(subjectAltNames, "Names of the certificate, of which one must fit."),
  crl: optional(
    z.object({
      refs: listOf(secretObjectReference, { min: 1, max: 8 }).describe("ConfigMaps or Secrets with ca.crl."),
      onlyVerifyLeafCertificate: optional(z.boolean(), "Looks for the client's certificate alone. Default: for all."),
    }),
    "Lists of revoked certificates.",
  ),
});

/** Spec: ClientTLSSettings. */
export const clientTls = withRules(
  z.object({
    ...tlsSettings,
    clientValidation: optional(clientValidation, "Certificates of clients."),
    session: optional(
      z.object({
        resumption: optional(
          z.object({
            stateless: optional(z.object({}), "By session tickets."),
            stateful: optional(z.object({}), "By session ids."),
          }),
          "How sessions may be resumed. Default: not at all.",
        ),
      }),
      "TLS sessions.",
    ),
  }),
  ...tlsRules,
);
