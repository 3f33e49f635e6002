/** What names of secrets end in, without `-`, `_` and `.`. */
const endings = [
  "authorization",
  "cookie",
  "password",
  "passwd",
  "pwd",
  "passphrase",
  "secret",
  "token",
  "apikey",
  "privatekey",
  "keypem",
  "tlskey",
  "credentials",
  "jwt",
  "accesskey",
  "signature",
  "sig",
] as const;

/** Whether the value of a field, or of a header, of that name is most likely a secret. In any spelling. */
export function isSecretName(name: string): boolean {
  const folded = name.toLowerCase().replace(/[-_.]/g, "");
  return endings.some((ending) => folded.endsWith(ending));
}
