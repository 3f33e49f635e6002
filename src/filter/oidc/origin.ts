import type { FilterOfKind } from "../contract/build.ts";
import type { RequestHead } from "../contract/message.ts";

type Oidc = FilterOfKind<"oidc">;

/** Where a request was sent to, as its client sees it. */
export type RequestOrigin = {
  /** As far as proxies in front are trusted; a fixed redirectURL with https says that clients use it. */
  readonly secure: boolean;
  /** `https://app.example.com`, without a path. */
  readonly origin: string;
  /** Where the provider sends the browser back. */
  readonly redirectUri: string;
};

/** The origin of a request; `undefined` when its host is none that a URL can have. */
export function originOf(filter: Oidc, request: RequestHead): RequestOrigin | undefined {
  const { redirectUrl } = filter;
  const scheme = redirectUrl.scheme ?? (request.header("x-forwarded-proto") === "https" ? "https" : "http");
  const authority = request.sentHost();
  const origin = `${scheme}://${authority}`;
  if (authority === "" || !URL.canParse(origin) || new URL(origin).host === "") return undefined;
  const redirectUri = `${scheme}://${redirectUrl.authority ?? authority}${redirectUrl.path}`;
  return { secure: scheme === "https", origin: new URL(origin).origin, redirectUri };
}

/** Whether cookies of the domain are sent to a host. RFC 6265 5.1.3. `""`: of every host those of its own. */
export function isInDomain(host: string, domain: string): boolean {
  return domain === "" || host === domain || host.endsWith(`.${domain}`);
}
