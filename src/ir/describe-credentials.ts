import type { Filter } from "./filter.ts";
import type { SecretKey } from "./tls.ts";

type FilterOf<K extends Filter["kind"]> = Extract<Filter, { kind: K }>;

/** Such as `asks for a user and a password in .htpasswd of Secret shop/users`. */
export function describeBasicAuth({ users, namedUsers, usernameHeader }: FilterOf<"basicAuth">): string {
  const sources = [...(users === undefined ? [] : [users]), ...namedUsers.map(({ hash }) => hash)];
  return sources.length === 0
    ? "refuses every request: its users did not resolve"
    : `asks for a user and a password in ${sources.map(describeEntry).join(", ")}${describeTeller("the user", usernameHeader)}`;
}

/** Such as `asks for the API key of a client (of 3) in header x-api-key`. */
export function describeApiKeyAuth({ clients, sources, clientHeader, hidesKey }: FilterOf<"apiKeyAuth">): string {
  const places = sources.map((source) => `${source.in} ${source.name}`).join(", ");
  const hides = hidesKey ? ", hides it from the backend" : "";
  return `asks for the API key of a client (of ${clients.length}) in ${places}${hides}${describeTeller("the client", clientHeader)}`;
}

/** Such as `sets request header authorization to credential of Secret shop/backend unless there is one`. */
export function describeCredentialInjection(filter: FilterOf<"credentialInjection">): string {
  const { header, credential, overwrite } = filter;
  return credential === undefined
    ? "refuses every request: its credential did not resolve"
    : `sets request header ${header} to ${describeEntry(credential)}${overwrite ? "" : " unless there is one"}`;
}

/** Such as `.htpasswd of Secret shop/users`. */
function describeEntry(key: SecretKey): string {
  return key.replace(/^(\w+)\/([^#]+)#entry\/(.+)$/, "$3 of $1 $2");
}

function describeTeller(what: string, header: string | undefined): string {
  return header === undefined ? "" : `, tells the backend ${what} in ${header}`;
}
