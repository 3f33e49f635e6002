import type { Timeouts } from "../../../ingress/feature/timeouts.ts";
import { annotationPrefix } from "../../../ingress/read-feature.ts";
import { type ConvertFeature, type ConvertScope, nothingConverted } from "../convert-feature.ts";
import { durationOf } from "../duration.ts";

function isWritten(annotation: string, { ingress }: ConvertScope): boolean {
  return ingress.metadata.annotations[annotationPrefix + annotation] !== undefined;
}

/** nginx's timeouts are of silence, and so are these: no request is ended because it takes long. */
export const convertTimeouts: ConvertFeature<Timeouts> = ({ connectSeconds, readSeconds, sendSeconds }, scope) => {
  if (sendSeconds !== readSeconds && isWritten("proxy-send-timeout", scope)) {
    scope.report("convert-differs", "proxy-send-timeout", {
      message: `An endpoint may be silent for ${readSeconds} s, whether it takes the request or answers; proxy-send-timeout (${sendSeconds} s) is not told apart.`,
      fix: "Nothing, unless uploads to slow backends need another time than their answers.",
    });
  }
  if (readSeconds === 0 || connectSeconds === 0) {
    scope.report("convert-differs", readSeconds === 0 ? "proxy-read-timeout" : "proxy-connect-timeout", {
      message: "A timeout of 0 ends every request at once in nginx; it is converted to 1 s.",
      fix: "Write the time that was meant.",
    });
  }
  return {
    ...nothingConverted,
    trafficPolicy: {
      timeout: {
        tcp: { connectTimeout: durationOf(Math.max(1, connectSeconds)) },
        http: { streamIdleTimeout: durationOf(Math.max(1, readSeconds)) },
      },
    },
  };
};
