/** What pages of other origins may do. */
import { z } from "zod";
import { fraction } from "../fraction.ts";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { duration, text } from "../text.ts";

/** Spec: Origin. */
const origin = text({
  min: 1,
  max: 253,
  pattern: /^(\*|https?:\/\/(\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)(:(\*|[0-9]{1,5}))?)$/,
  words: 'an origin such as `https://shop.example.com`, with a scheme and without a path, or `"*"`',
});

const names = listOf(text({ min: 1, max: 256 }), { max: 64 });

/** Spec: CORS. */
export const cors = z.object({
  allowOrigins: optional(listOf(origin, { max: 64 }), "Origins that may read answers. * stands for any part."),
  allowMethods: optional(names, "Methods that they may use."),
  allowHeaders: optional(names, "Headers that they may send."),
  exposeHeaders: optional(names, "Headers that they may read."),
  maxAge: optional(duration, "Time that browsers may remember this."),
  allowCredentials: optional(z.boolean(), "Whether they may send cookies and other credentials."),
});

/** Spec: CSRF. */
export const csrf = z.object({
  additionalOrigins: optional(listOf(origin, { max: 16 }), "Origins beside the request's own that may change things."),
  shadowFraction: optional(fraction, "Share of the requests that are judged but not refused. Default: none."),
});
