import type { IngressFeature } from "../feature.ts";

// Annotations: custom-http-errors, default-backend, disable-proxy-intercept-errors.
export const errorPages: IngressFeature<undefined> = { annotations: [], read: () => undefined };
