import type { IngressFeature } from "../feature.ts";

// Annotations: limit-rps, limit-rpm, limit-connections, limit-burst-multiplier, limit-allowlist, limit-rate, limit-rate-after.
export const limits: IngressFeature<undefined> = { annotations: [], read: () => undefined };
