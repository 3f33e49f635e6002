import type { IngressFeature } from "../feature.ts";

// Annotations: enable-cors, cors-allow-origin, cors-allow-methods, cors-allow-headers, cors-allow-credentials, cors-expose-headers, cors-max-age.
export const cors: IngressFeature<undefined> = { annotations: [], read: () => undefined };
