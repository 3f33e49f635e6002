/** What a client shows. */
export type Credentials = { readonly user: string; readonly password: string };

/**
 * User and password of an Authorization header, as UTF-8. `undefined`: none, of another scheme, several, or not in the format.
 * Spec: RFC 7617, section 2.
 */
export function readCredentials(authorization: string | undefined): Credentials | undefined {
  const encoded = authorization === undefined ? null : /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization);
  if (encoded === null) return undefined;
  const text = Buffer.from(encoded[1] as string, "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
