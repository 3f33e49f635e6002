import type { IngressFeature } from "../feature.ts";

// Annotations: mirror-target, mirror-host, mirror-request-body.
export const mirror: IngressFeature<undefined> = { annotations: [], read: () => undefined };
