import type { IngressFeature } from "../feature.ts";

// Annotations: custom-headers, connection-proxy-header, upstream-vhost.
export const headers: IngressFeature<undefined> = { annotations: [], read: () => undefined };
