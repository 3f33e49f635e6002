import type { IngressFeature } from "../feature.ts";

// Annotations: enable-modsecurity, enable-owasp-core-rules, modsecurity-snippet, modsecurity-transaction-id.
export const firewall: IngressFeature<undefined> = { annotations: [], read: () => undefined };
