/** A cookie that the gateway gives to clients: all of it but its name and its value. It is HttpOnly. */
export type IssuedCookie = {
  /** `undefined`: no such attribute. Negative: it is over when it arrives. Seconds. */
  readonly expiresSeconds: number | undefined;
  readonly maxAgeSeconds: number | undefined;
  /** `""`: no such attribute; so below. */
  readonly domain: string;
  readonly path: string;
  /** `onHttps`: where the client's connection has TLS. */
  readonly secure: "always" | "never" | "onHttps";
  readonly sameSite: "" | "Lax" | "None" | "Strict";
  /** Other attributes, each with `; ` before it. */
  readonly others: string;
};

/** Without any attribute: until the browser ends, for the host and the folder of the request. */
export const plainCookie: IssuedCookie = {
  expiresSeconds: undefined,
  maxAgeSeconds: undefined,
  domain: "",
  path: "",
  secure: "never",
  sameSite: "",
  others: "",
};

/** Value of `Set-Cookie`. `pair` is `name=value`; `scheme` that of the client's connection; `nowMs` since the epoch. RFC 6265 section 4.1. */
export function writeCookie(
  pair: string,
  { expiresSeconds, maxAgeSeconds, domain, path, secure, sameSite, others }: IssuedCookie,
  { scheme, nowMs }: { readonly scheme: "http" | "https"; readonly nowMs: number },
): string {
  const isSecure = secure === "always" || (secure === "onHttps" && scheme === "https");
  return [
    pair,
    ...(expiresSeconds === undefined ? [] : [`Expires=${new Date(nowMs + expiresSeconds * 1_000).toUTCString()}`]),
    ...(maxAgeSeconds === undefined ? [] : [`Max-Age=${maxAgeSeconds}`]),
    ...(domain === "" ? [] : [`Domain=${cookieText(domain)}`]),
    ...(path === "" ? [] : [`Path=${cookieText(path) || "/"}`]),
    ...(isSecure ? ["Secure"] : []),
    "HttpOnly",
    ...(sameSite === "" ? [] : [`SameSite=${sameSite}`]),
  ]
    .join("; ")
    .concat(others);
}

/** Text without what would end an attribute. */
function cookieText(text: string): string {
  return [...text].filter((char) => char > " " && char < "\x7f" && char !== ";").join("");
}
