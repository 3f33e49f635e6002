import type { IngressFeature } from "../feature.ts";

// Annotations: canary, canary-by-header, canary-by-header-value, canary-by-header-pattern, canary-by-cookie, canary-weight, canary-weight-total, affinity-canary-behavior.
export const canary: IngressFeature<undefined> = { annotations: [], read: () => undefined };
