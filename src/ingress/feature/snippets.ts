import type { IngressFeature } from "../feature.ts";

// Annotations: configuration-snippet, server-snippet, auth-snippet, stream-snippet.
export const snippets: IngressFeature<undefined> = { annotations: [], read: () => undefined };
