/** At the start of a list's member. */
const connectionScheme = /(?:^|,)[ \t]*(?:ntlm|negotiate|nego2|kerberos)(?=[ \t,]|$)/i;

/**
 * Whether the value of Authorization or WWW-Authenticate (several lines joined with commas) names a scheme that logs in the
 * connection instead of the request: who has done so is known to the server for whatever comes on the connection afterwards.
 * RFC 9110 section 3.3 names RFC 4559 for it.
 */
export function isConnectionLogin(value: string | undefined): boolean {
  return value !== undefined && connectionScheme.test(value);
}
