import { BACKSLASH, CR, DOT, HEX_VALUE, LF, LITERAL_PATH, PERCENT, SEMICOLON, SLASH, UNRESERVED } from "./ascii.ts";
import { faults } from "./fault.ts";

/** The forms of one path. Where no segment was merged or resolved, the first and third, and the second and fourth, are one. */
export type NormalPath = {
  /** Matched: escapes in their normal form, doubled slashes merged, dot segments resolved. */
  readonly path: string;
  /** Forwarded with `path`: as the client spelled it, doubled slashes merged, dot segments resolved. */
  readonly forwardedPath: string;
  /**
   * Matched where a listener keeps segments: escapes in their normal form, and every segment. `undefined` when two readers
   * would resolve the segments in two ways, so that they cannot be kept.
   */
  readonly keptPath: string | undefined;
  /** Forwarded with `keptPath`: as the client sent it, byte for byte. */
  readonly sentPath: string;
};

/** Paths are bounded by the target limit; this one only sizes the first scratch. An escape may make three bytes of one. */
let matched = Buffer.allocUnsafeSlow(24_576);
let forwarded = Buffer.allocUnsafeSlow(24_576);
let kept = Buffer.allocUnsafeSlow(24_576);

/**
 * The forms of a path, or the code of a fault:
 * - what is compared has one spelling: escapes of unreserved characters are decoded, all others keep their escape with
 *   upper-case digits (`%2f` becomes `%2F` and never a separator), and `|`, `[`, `]`, which URLs hold and RFC 3986 has
 *   escaped, are escaped; what is forwarded keeps the client's spelling;
 * - runs of slashes become one and `.` and `..` are resolved, in both: nobody may reach by `//admin` or `/x/../admin` what a
 *   rule for `/admin` is to guard. An empty path is `/`;
 * - refused is what two readers read differently: an incomplete escape, an escaped NUL, CR or LF, a backslash, a climb above
 *   the root, a dot segment with a parameter (`/..;/`, which servlet containers resolve and others do not) or with an escaped
 *   slash or backslash beside it (`/..%2f`, which servers that decode first resolve).
 *
 * RFC 3986 §6.2.2; HTTPPathMatch; URL Standard, path percent-encode set.
 */
export function normalizePath(bytes: Buffer, start: number, end: number): NormalPath | number {
  reserve((end - start) * 3 + 1);
  // Where the next byte of each form goes. All three have the same segments, so a slash is a slash in all of them.
  let m = 0;
  let f = 0;
  let k = 0;
  /** Dots of the part being read; -1: it holds something else. A part ends at a slash, also an escaped one. */
  let dots = 0;
  let escapedSlashBefore = false;
  let escapedSlashes = 0;
  let changed = false;
  /** A segment that is a parameter alone, which some readers take for an empty one. */
  let parameterAlone = false;
  let keepable = true;
  matched[m++] = forwarded[f++] = kept[k++] = SLASH;
  let i = start < end && bytes[start] === SLASH ? start + 1 : start;
  for (; ; i++) {
    const byte = i < end ? bytes[i]! : SLASH;
    if (byte === SLASH) {
      if (dots > 0 && escapedSlashBefore) return faults.pathDotSeparator.code;
      if (dots > 0 || (matched[m - 1] === SLASH && i < end)) {
        changed = true;
        if (dots > 0) {
          m = segmentStart(matched, m);
          f = segmentStart(forwarded, f);
        }
        if (dots === 2) {
          if (m === 1) return faults.pathAboveRoot.code;
          if (escapedSlashes > 0 || parameterAlone) keepable = false;
          m = segmentStart(matched, m - 1);
          f = segmentStart(forwarded, f - 1);
        }
      } else if (i < end) matched[m++] = forwarded[f++] = SLASH;
      if (i >= end) break;
      kept[k++] = SLASH;
      dots = 0;
      escapedSlashBefore = false;
      continue;
    }
    if (byte !== PERCENT) {
      if (byte === BACKSLASH) return faults.pathBackslash.code;
      if (byte === SEMICOLON && dots > 0) return faults.pathDotParameter.code;
      if (byte === SEMICOLON && dots === 0) parameterAlone = true;
      dots = dotsAfter(dots, byte);
      forwarded[f++] = byte;
      if (LITERAL_PATH[byte] === 1) matched[m++] = kept[k++] = byte;
      else {
        putEscape(matched, m, byte);
        putEscape(kept, k, byte);
        m += 3;
        k += 3;
      }
      continue;
    }
    if (i + 2 >= end) return faults.pathEscape.code;
    const high = HEX_VALUE[bytes[i + 1]!]!;
    const low = HEX_VALUE[bytes[i + 2]!]!;
    if (high < 0 || low < 0) return faults.pathEscape.code;
    const decoded = high * 16 + low;
    if (decoded === 0 || decoded === LF || decoded === CR) return faults.pathControl.code;
    if (decoded === SEMICOLON && dots > 0) return faults.pathDotParameter.code;
    if (decoded === SEMICOLON && dots === 0) parameterAlone = true;
    if (decoded === SLASH || decoded === BACKSLASH) {
      if (dots > 0) return faults.pathDotSeparator.code;
      escapedSlashes++;
      escapedSlashBefore = true;
      dots = 0;
    } else dots = dotsAfter(dots, decoded);
    for (let copy = 0; copy < 3; copy++) forwarded[f++] = bytes[i + copy]!;
    if (UNRESERVED[decoded] === 1) matched[m++] = kept[k++] = decoded;
    else {
      putEscape(matched, m, decoded);
      putEscape(kept, k, decoded);
      m += 3;
      k += 3;
    }
    i += 2;
  }
  const path = matched.latin1Slice(0, m);
  const forwardedPath = forwarded.latin1Slice(0, f);
  if (!changed) return { path, forwardedPath, keptPath: path, sentPath: forwardedPath };
  return {
    path,
    forwardedPath,
    keptPath: keepable ? kept.latin1Slice(0, k) : undefined,
    sentPath: bytes.latin1Slice(start, end),
  };
}

/** Dots of a part when this decoded byte has been added: -1 when it holds anything else, or more than two. */
function dotsAfter(dots: number, byte: number): number {
  return byte === DOT && dots >= 0 && dots < 2 ? dots + 1 : -1;
}

/** Where the last segment of `out[0..length)` begins: one past its slash. */
function segmentStart(out: Buffer, length: number): number {
  let at = length;
  while (out[at - 1] !== SLASH) at--;
  return at;
}

function putEscape(out: Buffer, at: number, byte: number): void {
  out[at] = PERCENT;
  out[at + 1] = upperHex(byte >> 4);
  out[at + 2] = upperHex(byte & 15);
}

function upperHex(value: number): number {
  return value < 10 ? 48 + value : 55 + value;
}

function reserve(byteCount: number): void {
  if (byteCount <= matched.length) return;
  matched = Buffer.allocUnsafeSlow(byteCount * 2);
  forwarded = Buffer.allocUnsafeSlow(byteCount * 2);
  kept = Buffer.allocUnsafeSlow(byteCount * 2);
}
