import { normalizeAddress } from "../../base/cidr.ts";
import type { BuildFilter, FilterOfKind } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { type LocalReply, page, problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";

type Checks = FilterOfKind<"listenerChecks">;

const escapedSlash = /%(2f|5c)/i;
const escapedSlashes = /%(2f|5c)/gi;

/** What a listener asks of requests before anything else looks at them: answers its health check, refuses, and tidies up. */
export const buildListenerChecks: BuildFilter<"listenerChecks"> = (checks) => ({
  hooks: [onRequest((request) => check(checks, request))],
  claimedTrailers: [],
  carried: undefined,
});

function check(checks: Checks, request: RequestHead): LocalReply | undefined {
  if (checks.healthPath !== "" && request.path === checks.healthPath) return page(200, []);
  if (checks.refusedMethods.includes(request.method)) return problem(405, "DPE", "The method is not allowed.");
  if (checks.addressHeader !== "" && normalizeAddress(request.header(checks.addressHeader) ?? "") === undefined)
    return problem(403, "-", "The client's address is not known.");
  if (checks.escapedSlashes !== "keep" && escapedSlash.test(request.spelledPath)) {
    if (checks.escapedSlashes === "reject") return problem(400, "DPE", "The path has an escaped slash.");
    return page(307, [["location", withPlainSlashes(request)]]);
  }
  if (checks.underscores !== "allow") {
    const names = request.headerNames().filter((name) => name.includes("_"));
    if (names.length > 0 && checks.underscores === "reject")
      return problem(400, "DPE", "A header name has an underscore.");
    for (const name of names) dropSpelling(request, name);
  }
  if (checks.hostDot === "stripped") {
    const host = request.sentHost();
    const bare = host.replace(/\.(?=$|:)/, "");
    if (bare !== host) request.setHost(bare);
  }
  return undefined;
}

/** To remove a header removes all spellings of its name; the one with hyphens is none that a backend could confuse. */
function dropSpelling(request: RequestHead, name: string): void {
  const hyphened = name.replaceAll("_", "-");
  const value = request.header(hyphened);
  request.removeHeader(name);
  if (value !== undefined) request.setHeader(hyphened, value);
}

/** A path that begins with two slashes would name another host. */
function withPlainSlashes({ spelledPath, query }: RequestHead): string {
  const path = spelledPath.replace(escapedSlashes, "/").replace(/\/{2,}/g, "/");
  return query === "" ? path : `${path}?${query}`;
}
