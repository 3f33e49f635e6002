import type { IngressFeature } from "../feature.ts";

// Annotations: proxy-body-size, client-body-buffer-size, proxy-request-buffering.
export const requestBody: IngressFeature<undefined> = { annotations: [], read: () => undefined };
