import type { IngressFeature } from "../feature.ts";

// Annotations: app-root.
export const appRoot: IngressFeature<undefined> = { annotations: [], read: () => undefined };
