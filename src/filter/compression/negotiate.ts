import type { CompressionEncoding } from "../../ir/filter.ts";

/** An encoding that may be used, and from which size on. */
export type OfferedEncoding = { readonly encoding: CompressionEncoding; readonly minBytes: number };

const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/**
 * The offered encodings that a client accepts, the one that it likes best first; of those that it likes as much, the first
 * offered. Those are left out that it likes less than the content as it is. Without the header none: not every client that sends
 * none can read them. RFC 9110 §12.5.3.
 */
export function acceptedEncodings(
  accept: string | undefined,
  offered: readonly OfferedEncoding[],
): readonly OfferedEncoding[] {
  if (accept === undefined) return [];
  const weights = parseWeights(accept);
  const any = weights.get("*");
  // What is not named is acceptable, but no reason to leave content as it is.
  const identity = weights.get("identity") ?? 0;
  return offered
    .map((offer) => ({ offer, weight: weights.get(offer.encoding) ?? any ?? 0 }))
    .filter(({ weight }) => weight > 0 && weight >= identity)
    .sort((a, b) => b.weight - a.weight)
    .map(({ offer }) => offer);
}

/** By lower-case name; a malformed member is passed over. */
function parseWeights(accept: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of accept.split(",", 32)) {
    const [name = "", parameter, ...more] = member.split(";").map((part) => part.trim());
    const match = parameter === undefined ? undefined : weight.exec(parameter);
    if (name === "" || more.length > 0 || match === null) continue;
    // Some old clients say x-gzip. RFC 9110 §8.4.1.3.
    weights.set(name.toLowerCase().replace(/^x-/, ""), match === undefined ? 1 : Number(match[1]));
  }
  return weights;
}
