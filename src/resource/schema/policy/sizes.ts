import { z } from "zod";
import { text } from "../text.ts";

/** A number of bytes, with a unit such as `Ki`, `Mi`, `k` or `M` where one is written. Spec: resource.Quantity. */
export const byteSize = z.union([
  z.int().min(1),
  text({
    min: 1,
    max: 32,
    pattern: /^[1-9]+[0-9]*([EPTGMK]i|[EPTGMk])?$/,
    words: "a size in bytes such as `32Ki`, `10Mi` or `65536`",
  }),
]);

/** Spec: uint32. */
export const uint32 = z.int().min(0).max(4_294_967_295);

/** Percent of something, fractions of one too. */
export const percentage = z.number().min(0).max(100);

/** Spec: HTTPStatus. */
export const httpStatus = z.int32().min(100).max(599);
