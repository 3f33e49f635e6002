import type { IngressFeature } from "../feature.ts";

// Annotations: permanent-redirect, permanent-redirect-code, temporal-redirect, temporal-redirect-code.
export const fixedRedirect: IngressFeature<undefined> = { annotations: [], read: () => undefined };
