import type { IngressFeature } from "../feature.ts";

// Annotations: load-balance, upstream-hash-by, upstream-hash-by-subset, upstream-hash-by-subset-size, service-upstream.
export const loadBalancing: IngressFeature<undefined> = { annotations: [], read: () => undefined };
