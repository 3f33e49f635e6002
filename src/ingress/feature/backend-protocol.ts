import type { IngressFeature } from "../feature.ts";

// Annotations: backend-protocol, proxy-http-version, http2-push-preload.
export const backendProtocol: IngressFeature<undefined> = { annotations: [], read: () => undefined };
