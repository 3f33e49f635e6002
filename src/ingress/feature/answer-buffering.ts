import type { IngressFeature } from "../feature.ts";

// Annotations: proxy-buffering, proxy-buffer-size, proxy-buffers-number, proxy-busy-buffers-size, proxy-max-temp-file-size.
export const answerBuffering: IngressFeature<undefined> = { annotations: [], read: () => undefined };
