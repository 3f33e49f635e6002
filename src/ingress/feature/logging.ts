import type { IngressFeature } from "../feature.ts";

// Annotations: enable-access-log, enable-rewrite-log, enable-opentelemetry, opentelemetry-operation-name, opentelemetry-trust-incoming-span.
export const logging: IngressFeature<undefined> = { annotations: [], read: () => undefined };
