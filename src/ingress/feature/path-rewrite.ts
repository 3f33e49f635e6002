import type { IngressFeature } from "../feature.ts";

// Annotations: rewrite-target, use-regex, x-forwarded-prefix.
export const pathRewrite: IngressFeature<undefined> = { annotations: [], read: () => undefined };
