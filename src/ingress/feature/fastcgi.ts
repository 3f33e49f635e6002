import type { IngressFeature } from "../feature.ts";

// Annotations: fastcgi-index, fastcgi-params-configmap.
export const fastcgi: IngressFeature<undefined> = { annotations: [], read: () => undefined };
