import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listOf } from "./list.ts";
import { options } from "./map.ts";
import { localObjectReference, localPolicyTargetReferenceWithSectionName } from "./object-reference.ts";
import { repeated, rule } from "./rule.ts";
import { hostname, preciseHostname, text } from "./text.ts";

/** Spec: SubjectAltName. */
const subjectAltName = z
  .object({
    type: z.enum(["Hostname", "URI"]),
    hostname: z.exactOptional(hostname),
    uri: z.exactOptional(
      text({
        min: 1,
        max: 253,
        pattern: /^(([^:/?#]+):)(\/\/([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?/,
        words: "an absolute URI with `//` such as `spiffe://example.com/ns/shop`",
      }),
    ),
  })
  .check(
    rule((value, report) => {
      for (const [type, field] of [
        ["Hostname", "hostname"],
        ["URI", "uri"],
      ] as const) {
        if (value.type === type && value[field] === undefined) {
          report([field], `is missing, but type is ${type}`, `Add ${field}.`);
        }
        if (value.type !== type && value[field] !== undefined) {
          report([field], `is set, but type is ${value.type}`, `Write \`type: ${type}\`, or remove ${field}.`);
        }
      }
    }),
  );

/** How the certificate of a backend is checked. Spec: BackendTLSPolicyValidation. */
export const backendTlsValidation = z
  .object({
    caCertificateRefs: z.exactOptional(listOf(localObjectReference, { min: 1, max: 8 })),
    wellKnownCACertificates: z.exactOptional(
      text({
        min: 1,
        max: 253,
        pattern:
          /^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$/,
        words: "`System`, or a prefixed name such as `example.com/roots`",
      }),
    ),
    hostname: preciseHostname,
    subjectAltNames: z.exactOptional(listOf(subjectAltName, { max: 5 })),
  })
  .check(
    rule((value, report) => {
      const refs = value.caCertificateRefs !== undefined;
      const wellKnown = value.wellKnownCACertificates !== undefined;
      if (refs && wellKnown) {
        report(["wellKnownCACertificates"], "is set together with caCertificateRefs", "Keep one of the two.");
      }
      if (!refs && !wellKnown) {
        report(
          ["caCertificateRefs"],
          "is missing, and so is wellKnownCACertificates",
          "Add caCertificateRefs with the ConfigMap of your CA, or `wellKnownCACertificates: System`.",
        );
      }
    }),
  );

type Target = z.output<typeof localPolicyTargetReferenceWithSectionName>;

const targetRefs = listOf(localPolicyTargetReferenceWithSectionName, { min: 1, max: 16 }).check(
  rule((refs, report) => {
    const objectOf = (ref: Target) => JSON.stringify([ref.group, ref.kind, ref.name]);
    for (const { index, first } of repeated(refs, (ref) => JSON.stringify([objectOf(ref), ref.sectionName ?? ""]))) {
      report(
        [index],
        `names the same target as the one at index ${first}`,
        "Remove one of the two, or give it another sectionName.",
      );
    }
    for (const { index, first } of repeated(refs, objectOf)) {
      if ((refs[index]?.sectionName === undefined) !== (refs[first]?.sectionName === undefined)) {
        report(
          [index],
          `names the same object as the one at index ${first}, but only one of them has a sectionName`,
          "Give both a sectionName, or keep the one without.",
        );
      }
    }
  }),
);

/** Spec: BackendTLSPolicySpec (GEP-1897). */
export const backendTlsPolicySpec = z.object({
  targetRefs,
  validation: backendTlsValidation,
  options: z.exactOptional(options),
});

export type BackendTlsPolicySpec = DeepReadonly<z.output<typeof backendTlsPolicySpec>>;
