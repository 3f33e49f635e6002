import type { IngressFeature } from "../feature.ts";

// Annotations: server-alias.
export const hostAliases: IngressFeature<undefined> = { annotations: [], read: () => undefined };
