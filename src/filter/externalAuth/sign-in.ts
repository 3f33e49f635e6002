import type { SignIn } from "../../ir/external-auth.ts";
import type { RequestFacts } from "../contract/exchange.ts";
import { type LocalReply, page } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";
import type { OwnAnswer } from "../contract/own-request.ts";

/** Whether a person waits for a page: scripts cannot make use of a sign-in page, and other methods cannot be asked again. */
export function isNavigation(request: RequestHead, { grpc }: RequestFacts): boolean {
  if (grpc || request.upgrade || (request.method !== "GET" && request.method !== "HEAD")) return false;
  if (request.header("x-requested-with")?.toLowerCase() === "xmlhttprequest") return false;
  const mode = request.header("sec-fetch-mode");
  if (mode !== undefined) return mode === "navigate";
  const accept = request.header("accept");
  return accept === undefined || /text\/html|\*\/\*/i.test(accept);
}

/**
 * Sends a browser to the sign-in page, with the address that it asked for, as oauth2-proxy and Authelia want it. The page's
 * address is the policy's; of the request comes nothing but the value of one parameter: an address on the host that the browser
 * itself has asked, or with a page on the same host a path. Cookies of the refusal go along.
 */
export function signInReply(
  { url, parameter }: SignIn,
  request: RequestHead,
  { facts, answer }: { readonly facts: RequestFacts; readonly answer: OwnAnswer },
): LocalReply {
  const asked = url.startsWith("/") ? pathOnly(request.askedTarget()) : askedUrl(request, facts);
  const joint = url.includes("?") ? "&" : "?";
  const location = `${url}${joint}${encodeURIComponent(parameter)}=${encodeURIComponent(asked)}`;
  const cookies = answer.headers.filter(([name]) => name === "set-cookie");
  return { ...page(302, [["location", location], ["cache-control", "no-store"], ...cookies]), flag: "UAEX" };
}

/** The address as the browser has it, also behind another proxy that is trusted. */
export function askedUrl(request: RequestHead, { scheme }: RequestFacts): string {
  const host = request.header("x-forwarded-host") ?? request.sentHost();
  return `${request.header("x-forwarded-proto") ?? scheme}://${host}${pathOnly(request.askedTarget())}`;
}

/** What begins with two slashes, or a backslash, would be read as an address of another host. */
function pathOnly(target: string): string {
  return `/${target.replace(/^[/\\]+/, "")}`;
}
