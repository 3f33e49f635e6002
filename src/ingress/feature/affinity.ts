import type { IngressFeature } from "../feature.ts";

// Annotations: affinity, affinity-mode, session-cookie-name, session-cookie-path, session-cookie-domain, session-cookie-expires, session-cookie-max-age, session-cookie-samesite, session-cookie-conditional-samesite-none, session-cookie-secure, session-cookie-change-on-failure.
export const affinity: IngressFeature<undefined> = { annotations: [], read: () => undefined };
