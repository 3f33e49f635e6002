/** What clients are told of a login. */
import { type LocalReply, page, problem } from "../contract/local-reply.ts";

export const noStore = ["cache-control", "no-store"] as const;
export const wrongHost = problem(
  500,
  "LF",
  "This host cannot keep a login: the gateway's configuration gives its cookies another domain.",
);
export const loginNeeded = problem(401, "LN", "You are not logged in.", [noStore]);
export const unavailable = problem(503, "LF", "The login service does not answer. Try again in a moment.", [
  noStore,
  ["retry-after", "5"],
]);
export const badCallback = problem(
  401,
  "LF",
  "This login has expired, or it began in another browser. Open the page that you want to see again.",
  [noStore],
);
export const loginRefused = problem(401, "LF", "The login service refused the login.", [noStore]);
export const tooLarge = problem(502, "LF", "What the login service issued does not fit into cookies.", [noStore]);

/**
 * The end of a login: sets the session's cookies and leads on. `byPage`: not by a redirect, behind one of the provider's site
 * browsers would not send strict cookies.
 */
export function returnTo(url: string, lines: readonly string[], byPage: boolean): LocalReply {
  const cookies = lines.map((line) => ["set-cookie", line] as const);
  if (!byPage) return page(302, [["location", url], noStore, ...cookies]);
  const target = url.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  const html = `<!doctype html><meta http-equiv="refresh" content="0;url=${target}"><a href="${target}">Continue</a>`;
  return page(200, [["content-type", "text/html; charset=utf-8"], noStore, ...cookies], html);
}
