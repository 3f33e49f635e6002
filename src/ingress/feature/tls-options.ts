import type { IngressFeature } from "../feature.ts";

// Annotations: ssl-ciphers, ssl-prefer-server-ciphers.
export const tlsOptions: IngressFeature<undefined> = { annotations: [], read: () => undefined };
