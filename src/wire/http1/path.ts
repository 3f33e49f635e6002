import { DOT, HEX_VALUE, PERCENT, SEMICOLON, SLASH, UNRESERVED } from "./ascii.ts";
import { faults } from "./fault.ts";

const BACKSLASH = 92;
/** Paths are bounded by the target limit; this one only sizes the first scratch. */
let scratch = Buffer.allocUnsafeSlow(8_192);

/**
 * The one form of a path that is both matched and forwarded, or the code of a fault:
 * - escapes of unreserved characters are decoded, all others keep their escape with upper-case digits (`%2f` stays `%2F`: it
 *   never becomes a separator);
 * - runs of slashes become one, then `.` and `..` segments are resolved; an empty path is `/`;
 * - an incomplete escape, an escaped control character, a backslash (escaped too), a climb above the root, and a dot segment
 *   with a parameter (`/..;/`, which servlet containers resolve and others do not) are refused.
 *
 * Slashes are merged because Gateway API forbids `//` in match values: left alone, `//admin` would pass every rule for
 * `/admin` and reach servers that merge. RFC 3986 §6.2.2; HTTPPathMatch.
 */
export function normalizePath(bytes: Buffer, start: number, end: number): string | number {
  if (end - start + 1 > scratch.length) scratch = Buffer.allocUnsafeSlow((end - start + 1) * 2);
  const out = scratch;
  let length = 0;
  out[length++] = SLASH;
  let i = start;
  while (i < end) {
    let byte = bytes[i]!;
    if (byte === BACKSLASH) return faults.pathBackslash.code;
    if (byte === SEMICOLON && endsWithDots(out, length)) return faults.pathDotParameter.code;
    if (byte === SLASH) {
      length = closeSegment(out, length);
      if (length < 0) return length;
      i++;
      continue;
    }
    if (byte === PERCENT) {
      if (i + 2 >= end) return faults.pathEscape.code;
      const high = HEX_VALUE[bytes[i + 1]!]!;
      const low = HEX_VALUE[bytes[i + 2]!]!;
      if (high < 0 || low < 0) return faults.pathEscape.code;
      byte = high * 16 + low;
      if (byte < 32 || byte === 127) return faults.pathControl.code;
      if (byte === BACKSLASH) return faults.pathBackslash.code;
      i += 3;
      if (UNRESERVED[byte] !== 1) {
        out[length++] = PERCENT;
        out[length++] = upperHex(high);
        out[length++] = upperHex(low);
        continue;
      }
    } else i++;
    out[length++] = byte;
  }
  length = closeLastSegment(out, length);
  return length < 0 ? length : out.toString("latin1", 0, length);
}

/** At a slash: resolves the segment before it. Returns the new length, which is after a slash, or a fault. */
function closeSegment(out: Buffer, length: number): number {
  const closed = closeLastSegment(out, length);
  if (closed < 0 || out[closed - 1] === SLASH) return closed;
  out[closed] = SLASH;
  return closed + 1;
}

/** True when the segment being written is `.` or `..` so far. */
function endsWithDots(out: Buffer, length: number): boolean {
  if (out[length - 1] !== DOT) return false;
  return out[length - 2] === SLASH || (out[length - 2] === DOT && out[length - 3] === SLASH);
}

/** Resolves a `.` or `..` that ends at `length`. Returns the new length or a fault. */
function closeLastSegment(out: Buffer, length: number): number {
  if (out[length - 1] !== DOT) return length;
  if (out[length - 2] === SLASH) return length - 1;
  if (out[length - 2] !== DOT || out[length - 3] !== SLASH) return length;
  let at = length - 3;
  if (at === 0) return faults.pathAboveRoot.code;
  do at--;
  while (out[at] !== SLASH);
  return at + 1;
}

function upperHex(value: number): number {
  return value < 10 ? 48 + value : 55 + value;
}
