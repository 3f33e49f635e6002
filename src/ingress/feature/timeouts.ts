import { annotationRow } from "../annotation.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { wholeNumber } from "../whole-number.ts";

/** How long nginx waits for an endpoint. Seconds; 0: not at all. */
export type Timeouts = {
  /** For a connection. */
  readonly connectSeconds: number;
  /** Until the endpoint takes more of the request. */
  readonly sendSeconds: number;
  /** Until it sends more of its answer, or of a WebSocket: never the answer as a whole. */
  readonly readSeconds: number;
};

/** Annotations: proxy-connect-timeout, proxy-read-timeout, proxy-send-timeout. */
export const timeouts: IngressFeature<Timeouts> = {
  annotations: [
    annotationRow(
      "proxy-connect-timeout",
      "Low",
      "How long a connection to an endpoint may take to come about, in seconds.",
      "5",
    ),
    annotationRow(
      "proxy-read-timeout",
      "Low",
      "How long an endpoint may send nothing of the answer that it owes, in seconds; also how long a WebSocket may be quiet.",
      "60",
    ),
    annotationRow(
      "proxy-send-timeout",
      "Low",
      "How long an endpoint may take nothing of the request, in seconds.",
      "60",
    ),
  ],
  read: (source) => ({
    connectSeconds: seconds(source, "proxy-connect-timeout", 5),
    sendSeconds: seconds(source, "proxy-send-timeout", 60),
    readSeconds: seconds(source, "proxy-read-timeout", 60),
  }),
};

/** The annotation and the key of the ConfigMap have one name. */
function seconds(source: AnnotationSource, name: string, value: number): number {
  return wholeNumber(source, name, { key: name, value });
}
