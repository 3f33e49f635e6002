import type { IngressFeature } from "../feature.ts";

// Annotations: proxy-connect-timeout, proxy-read-timeout, proxy-send-timeout.
export const timeouts: IngressFeature<undefined> = { annotations: [], read: () => undefined };
