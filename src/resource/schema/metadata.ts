import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { annotationKeys, labelKeys } from "./map.ts";
import { rule } from "./rule.ts";
import { labelValue, namespaceName, quote, text } from "./text.ts";

/** Spec: metav1.ObjectMeta.name as the API server takes it for most kinds (RFC 1123 subdomain). */
const name = text({
  min: 1,
  max: 253,
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  words: "a lower-case name of letters, digits, `-` and `.`",
});

const timestamp = z.string().check(
  rule((value, report) => {
    if (Number.isNaN(Date.parse(value))) {
      report(
        [],
        `must be a time such as \`2026-01-31T12:00:00Z\`, but it is ${quote(value)}`,
        "Remove it, or write an RFC 3339 time.",
      );
    }
  }),
);

/** Spec: metav1.ObjectMeta; other fields of it are ignored. */
export const metadata = z.object({
  name,
  namespace: z.exactOptional(namespaceName),
  labels: z.record(z.string(), labelValue).check(labelKeys).default({}),
  annotations: z.record(z.string(), z.string()).check(annotationKeys).default({}),
  generation: z.int().min(0).default(0),
  uid: z.exactOptional(z.string()),
  creationTimestamp: z.exactOptional(timestamp),
  deletionTimestamp: z.exactOptional(timestamp),
});

export type MetadataFields = DeepReadonly<z.output<typeof metadata>>;
