/** Cookies as RFC 6265 has them, in the parts that fit what browsers keep. */

/** Longest value of one cookie. Browsers keep 4,096 bytes of name, value and attributes. Characters. */
const maxValueLength = 3_600;

/** Name and value of every cookie of a request, in the order of the header; quotes around values go. */
export function* cookiePairs(header: string): Generator<readonly [name: string, value: string]> {
  for (const part of header.split(";")) {
    const pair = part.trim();
    const equals = pair.indexOf("=");
    if (equals > 0) yield [pair.slice(0, equals), pair.slice(equals + 1).replace(/^"(.*)"$/, "$1")];
  }
}

/** Of several cookies of a name the first counts: the one with the longest path. */
export function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  if (header === undefined) return cookies;
  for (const [name, value] of cookiePairs(header)) if (!cookies.has(name)) cookies.set(name, value);
  return cookies;
}

/** Name of a part of a text: the first has the name itself. */
export function partName(name: string, index: number): string {
  return index === 0 ? name : `${name}_${index}`;
}

export function partCount(length: number): number {
  return Math.ceil(length / maxValueLength);
}

/** A text as cookies, each short enough for a browser. */
export function splitText(name: string, text: string): readonly (readonly [name: string, value: string])[] {
  return Array.from({ length: partCount(text.length) }, (_, index) => [
    partName(name, index),
    text.slice(index * maxValueLength, (index + 1) * maxValueLength),
  ]);
}

/** The text of that length that {@link splitText} has split; `undefined` when a part is missing or of another length. */
export function joinText(cookies: ReadonlyMap<string, string>, name: string, length: number): string | undefined {
  let text = "";
  for (let index = 0; index < partCount(length); index++) text += cookies.get(partName(name, index)) ?? "";
  return text.length === length ? text : undefined;
}

/** Whether a text can stand in a cookie as it is. RFC 6265, `cookie-octet`. */
export function isCookieText(text: string): boolean {
  return /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(text);
}

export type CookieAttributes = {
  readonly secure: boolean;
  readonly sameSite: "Lax" | "Strict" | "None";
  /** `""`: of the request's host alone. */
  readonly domain: string;
};

/** A Set-Cookie line. `maxAgeSeconds` 0 makes the browser forget the cookie. */
export function setCookie(name: string, value: string, maxAgeSeconds: number, attributes: CookieAttributes): string {
  const domain = attributes.domain === "" ? "" : `; Domain=${attributes.domain}`;
  const secure = attributes.secure ? "; Secure" : "";
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly${secure}; SameSite=${attributes.sameSite}${domain}`;
}
