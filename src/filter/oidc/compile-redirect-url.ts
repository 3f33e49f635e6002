import type { Filter } from "../../ir/filter.ts";

export type RedirectUrl = Extract<Filter, { readonly kind: "oidc" }>["redirectUrl"];

/** Where the policy says nothing. Spec: OIDC.redirectURL. */
const defaultPath = "/oauth2/callback";

/** What Envoy Gateway's users write for the scheme and the host of the request. */
const schemes = ["%REQ(x-forwarded-proto)%", "%REQ(:scheme)%"];
const hosts = ["%REQ(:authority)%", "%REQ(host)%"];

/** Reads `redirectURL`: a URL of which scheme and host may be the request's own. `undefined` for anything else. */
export function readRedirectUrl(text: string | undefined): RedirectUrl | undefined {
  if (text === undefined) return { scheme: undefined, authority: undefined, path: defaultPath };
  const [, scheme = "", host = "", path = ""] = /^([^/]+):\/\/([^/?#]+)(\/[^?#]*)$/.exec(lowerCommands(text)) ?? [];
  const ownScheme = schemes.includes(scheme);
  const ownHost = hosts.includes(host);
  const plain = `${ownScheme ? "https" : scheme}://${ownHost ? "host" : host}${path}`;
  if (!URL.canParse(plain)) return undefined;
  const url = new URL(plain);
  const isPlain = url.username === "" && url.password === "" && !path.includes("%REQ") && url.pathname === path;
  if (!isPlain || path === "/" || (url.protocol !== "https:" && url.protocol !== "http:")) return undefined;
  return {
    scheme: ownScheme ? undefined : url.protocol === "https:" ? "https" : "http",
    authority: ownHost ? undefined : url.host,
    path,
  };
}

/** Names of headers have no case. */
function lowerCommands(text: string): string {
  return text.replace(/%REQ\([^)]*\)%/gi, (command) => `%REQ(${command.slice(5, -2).toLowerCase()})%`);
}
