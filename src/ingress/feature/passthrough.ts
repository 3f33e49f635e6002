import type { IngressFeature } from "../feature.ts";

// Annotations: ssl-passthrough.
export const passthrough: IngressFeature<undefined> = { annotations: [], read: () => undefined };
