import type { IngressFeature } from "../feature.ts";

// Annotations: proxy-ssl-secret, proxy-ssl-verify, proxy-ssl-verify-depth, proxy-ssl-name, proxy-ssl-server-name, proxy-ssl-protocols, proxy-ssl-ciphers.
export const backendTls: IngressFeature<undefined> = { annotations: [], read: () => undefined };
