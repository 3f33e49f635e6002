/**
 * Byte classes of the HTTP/1.1 grammar as 256-entry tables. A table look-up per byte is the fastest test V8 offers, and a
 * table built from the grammar's own words can be compared with the RFC by eye.
 */

/** The bytes that delimit. */
export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const COMMA = 44;
export const DASH = 45;
export const DOT = 46;
export const SLASH = 47;
export const COLON = 58;
export const SEMICOLON = 59;
export const QUESTION = 63;
export const BACKSLASH = 92;
export const PERCENT = 37;

const DIGITS = "0123456789";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();

function classOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(characters, "latin1")) table[byte] = 1;
  return table;
}

/** `tchar`: methods, field names, list tokens. RFC 9110 §5.6.2. */
export const TOKEN: Uint8Array = classOf(`!#$%&'*+-.^_\`|~${DIGITS}${UPPER}${LOWER}`);

/** `unreserved`, never in need of an escape. RFC 3986 §2.3. */
export const UNRESERVED: Uint8Array = classOf(`-._~${DIGITS}${UPPER}${LOWER}`);

/** What a query may hold: unreserved, reserved but `#`, and `%`. RFC 3986 §2, RFC 9112 §3.2. */
export const TARGET: Uint8Array = classOf(`-._~${DIGITS}${UPPER}${LOWER}:/?[]@!$&'()*+,;=%`);

/** What stands for itself in a path: `pchar` without escapes, and the slash. RFC 3986 §3.3. */
export const LITERAL_PATH: Uint8Array = classOf(`-._~${DIGITS}${UPPER}${LOWER}:/@!$&'()*+,;=`);

/**
 * What a path may hold as it is sent: 1 for what stands for itself, 2 for what has another spelling in the normal form (`%`, and
 * what URLs hold unescaped although RFC 3986 has it escaped). URL Standard, path percent-encode set.
 */
export const PATH: Uint8Array = LITERAL_PATH.map((plain, byte) =>
  "%|[]".includes(String.fromCharCode(byte)) ? 2 : plain,
);

/** Besides {@link TARGET}, what browsers send unescaped in a query. WHATWG URL, query percent-encode set. */
export const BROWSER_QUERY: Uint8Array = classOf(`-._~${DIGITS}${UPPER}${LOWER}:/?[]@!$&'()*+,;=%\\^\`{|}`);

/** A registered name as DNS and its users write it: letters, digits, `-`, `_`. Dots are counted apart. */
export const HOST_LABEL: Uint8Array = classOf(`-_${DIGITS}${UPPER}${LOWER}`);

/** Field value: visible ASCII, space, tab and the obsolete 0x80–0xFF. No other control byte. RFC 9110 §5.5. */
export const FIELD_VALUE: Uint8Array = new Uint8Array(256).map((_, byte) =>
  byte === TAB || (byte >= SPACE && byte !== 127) ? 1 : 0,
);

/** ASCII upper case to lower case, everything else to itself. */
export const LOWERCASE: Uint8Array = new Uint8Array(256).map((_, byte) =>
  byte >= 65 && byte <= 90 ? byte + 32 : byte,
);

/** As {@link LOWERCASE}, and `_` to `-`: the way CGI-style servers confuse field names. */
export const CGI_FOLD: Uint8Array = LOWERCASE.map((byte) => (byte === 95 ? DASH : byte));

/** Value of a hexadecimal digit, -1 for any other byte. */
export const HEX_VALUE: Int8Array = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX_VALUE[digit.charCodeAt(0)] = value;
  HEX_VALUE[digit.toUpperCase().charCodeAt(0)] = value;
}

/** The bytes of an ASCII text, for tables made at start-up. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** True when the bytes from `start` are `lower` (given in lower case), letter case aside. The caller has compared lengths. */
export function equalsLower(bytes: Uint8Array, start: number, lower: Uint8Array): boolean {
  for (let i = 0; i < lower.length; i++) {
    if (LOWERCASE[bytes[start + i]!] !== lower[i]) return false;
  }
  return true;
}

/** True when the ranges `[a, aEnd)` and `[b, bEnd)` of one buffer hold the same text, letter case aside. */
export function sameText(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) return false;
  for (let i = 0; i < aEnd - a; i++) {
    if (LOWERCASE[bytes[a + i]!] !== LOWERCASE[bytes[b + i]!]) return false;
  }
  return true;
}
