import type { IngressFeature } from "../feature.ts";

// Annotations: ssl-redirect, force-ssl-redirect, preserve-trailing-slash, use-port-in-redirects, relative-redirects.
export const httpsRedirect: IngressFeature<undefined> = { annotations: [], read: () => undefined };
