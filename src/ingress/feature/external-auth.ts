import type { IngressFeature } from "../feature.ts";

// Annotations: auth-url, auth-signin, auth-signin-redirect-param, auth-method, auth-response-headers, auth-request-redirect, auth-proxy-set-headers, auth-cache-key, auth-cache-duration, auth-always-set-cookie, auth-keepalive, auth-keepalive-requests, auth-keepalive-share-vars, auth-keepalive-timeout, enable-global-auth.
export const externalAuth: IngressFeature<undefined> = { annotations: [], read: () => undefined };
