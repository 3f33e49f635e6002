import type { IngressFeature } from "../feature.ts";

// Annotations: auth-type, auth-secret, auth-secret-type, auth-realm.
export const basicAuth: IngressFeature<undefined> = { annotations: [], read: () => undefined };
