import { z } from "zod";
import { listOf, mapBy, setOf } from "../list.ts";
import { optional } from "../optional.ts";
import { headerName, text } from "../text.ts";
import { stringMatch } from "./string-match.ts";

/** Values may hold operators such as `%CLIENT_IP%`, so they are less strict than those of the Gateway API. */
const header = z.object({
  name: headerName.describe("Name of the header."),
  value: text({ min: 1, max: 4096, secret: "yes" }).describe("Its value."),
});

const fields = {
  set: optional(mapBy(header, ["name"], { max: 64 }), "Headers that take the place of those of the same name."),
  add: optional(mapBy(header, ["name"], { max: 64 }), "Headers that are added to those of the same name."),
  remove: optional(setOf(z.string(), { max: 64 }), "Names of headers to remove."),
};

/** Headers of an answer of the gateway's own. */
export const headerMutation = z.object(fields);

/** Spec: HTTPHeaderFilter of ClientTrafficPolicy. */
export const listenerHeaderMutation = z.object({
  ...fields,
  addIfAbsent: optional(
    mapBy(header, ["name"], { max: 64 }),
    "Headers that are added where there is none of the name.",
  ),
  removeOnMatch: optional(listOf(stringMatch, { max: 64 }), "Headers to remove, by a comparison of their names."),
});
