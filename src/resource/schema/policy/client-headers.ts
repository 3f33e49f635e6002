import { z } from "zod";
import { atMostOne, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { listenerHeaderMutation } from "./header-mutation.ts";
import { byteSize } from "./sizes.ts";

const xForwardedClientCert = withRules(
  z.object({
    mode: optional(
      z.enum(["Sanitize", "ForwardOnly", "AppendForward", "SanitizeSet", "AlwaysForwardOnly"]),
      "What becomes of the header. Default: Sanitize, which removes it.",
    ),
    certDetailsToAdd: optional(
      listOf(z.enum(["Subject", "Cert", "Chain", "DNS", "URI"]), { max: 5 }),
      "What of the certificate is told, beside its hash.",
    ),
  }),
  {
    judge: ({ mode, certDetailsToAdd: details }, report) => {
      const adds = mode === "AppendForward" || mode === "SanitizeSet";
      if (Array.isArray(details) && details.length > 0 && !adds)
        report(
          ["certDetailsToAdd"],
          `is set, but mode is ${mode ?? "Sanitize"}`,
          "Write mode AppendForward or SanitizeSet.",
        );
    },
    cel: {
      rule: "!has(self.certDetailsToAdd) || size(self.certDetailsToAdd) == 0 || (has(self.mode) && self.mode in ['AppendForward', 'SanitizeSet'])",
      message: "certDetailsToAdd needs mode AppendForward or SanitizeSet",
    },
  },
);

/** Spec: HeaderSettings. */
export const headerSettings = withRules(
  z.object({
    enableEnvoyHeaders: optional(z.boolean(), "Adds the headers X-Envoy."),
    disableRateLimitHeaders: optional(z.boolean(), "Leaves the headers X-RateLimit out of answers."),
    xForwardedClientCert: optional(xForwardedClientCert, "The header X-Forwarded-Client-Cert."),
    withUnderscoresAction: optional(
      z.enum(["Allow", "RejectRequest", "DropHeader"]),
      "What becomes of headers with an underscore in their name. Default: RejectRequest.",
    ),
    preserveXRequestID: optional(z.boolean(), "Keeps the client's X-Request-Id. Deprecated: use requestID."),
    requestID: optional(
      z.enum(["PreserveOrGenerate", "Preserve", "Generate", "Disable"]),
      "What becomes of X-Request-Id. Default: Generate.",
    ),
    earlyRequestHeaders: optional(listenerHeaderMutation, "Changes of requests before they are routed."),
    lateResponseHeaders: optional(listenerHeaderMutation, "Changes of answers after everything else."),
    host: optional(
      z.object({ stripTrailingHostDot: optional(z.boolean(), "Takes a final dot off the host.") }),
      "The host of requests.",
    ),
    maxRequestHeaderLimit: optional(byteSize, "Size of a request's headers above which it is refused."),
  }),
  atMostOne("preserveXRequestID", "requestID"),
);
