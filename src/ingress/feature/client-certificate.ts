import type { IngressFeature } from "../feature.ts";

// Annotations: auth-tls-secret, auth-tls-verify-client, auth-tls-verify-depth, auth-tls-error-page, auth-tls-pass-certificate-to-upstream, auth-tls-match-cn.
export const clientCertificate: IngressFeature<undefined> = { annotations: [], read: () => undefined };
