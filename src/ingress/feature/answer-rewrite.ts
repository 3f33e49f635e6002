import type { IngressFeature } from "../feature.ts";

// Annotations: proxy-cookie-domain, proxy-cookie-path, proxy-redirect-from, proxy-redirect-to.
export const answerRewrite: IngressFeature<undefined> = { annotations: [], read: () => undefined };
