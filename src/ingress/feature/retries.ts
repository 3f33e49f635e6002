import type { IngressFeature } from "../feature.ts";

// Annotations: proxy-next-upstream, proxy-next-upstream-tries, proxy-next-upstream-timeout.
export const retries: IngressFeature<undefined> = { annotations: [], read: () => undefined };
