import type { IngressFeature } from "../feature.ts";

// Annotations: from-to-www-redirect.
export const wwwRedirect: IngressFeature<undefined> = { annotations: [], read: () => undefined };
