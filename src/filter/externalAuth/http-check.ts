import type { AuthHeader } from "../../wire/ext-authz.ts";
import { isConnectionLogin } from "../../wire/http1/connection-login.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { RequestFacts } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";
import type { OwnAnswer, OwnMessage } from "../contract/own-request.ts";
import type { ExternalAuth } from "./auth-server.ts";
import { type AuthVerdict, failed } from "./auth-verdict.ts";
import { isOwnField } from "./own-field.ts";
import { askedUrl } from "./sign-in.ts";

/** What a server that is asked at a fixed path is told of the request, under the names that oauth2-proxy, Authelia and Traefik have. */
const requestFields = ["x-forwarded-method", "x-forwarded-uri", "x-original-method", "x-original-url"] as const;

/** Names of the headers that the server is told, in this order. */
export function toldHeaders({ allowedHeaders, path }: ExternalAuth): readonly string[] {
  const names = [...new Set(["authorization", ...allowedHeaders])].filter((name) => !isOwnField(name));
  return path.kind === "fixed" ? names.filter((name) => !requestFields.some((own) => own === name)) : names;
}

/**
 * Asks in plain HTTP: method and host of the request, its path behind the prefix or a fixed one, the headers that always go and
 * those that are named, who the client is. The length is that of the body that is sent along. Spec: HTTPExternalAuthFilter.http
 * (GEP-1494), HTTPExtAuthService of Envoy Gateway.
 */
export function writeHttpCheck(
  filter: ExternalAuth,
  subject: RequestHead,
  facts: RequestFacts,
  content: Buffer,
): OwnMessage {
  const { kind, value } = filter.path;
  const target = subject.askedTarget();
  const behind = value === "" ? target : `${value}${target.startsWith("/") ? target : "/"}`;
  const writer = new HeadWriter(1_024);
  writer
    .text(`${subject.method} ${kind === "fixed" ? value : behind} HTTP/1.1`)
    .crlf()
    .field("host", subject.sentHost());
  for (const name of toldHeaders(filter)) {
    const told = subject.header(name);
    if (told !== undefined) writer.field(name, told);
  }
  if (kind === "fixed") {
    const values = [subject.method, target, subject.method, askedUrl(subject, facts)];
    for (const [index, name] of requestFields.entries()) writer.field(name, values[index] as string);
  }
  const lines = Buffer.from(subject.ownLines(), "latin1");
  writer.copy(lines, 0, lines.length).contentLength(content.length).crlf();
  const logsIn = isConnectionLogin(subject.header("authorization"));
  return { method: subject.method, head: writer.take(), content, acceptsTrailers: false, logsIn };
}

/** Fields that say something of the answer itself, and nothing of the request that it is copied to. */
const answerFields: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-range",
  "content-type",
  "date",
]);

/**
 * 200 admits, at a fixed path every status of success, as with nginx; any other status is the answer that the client gets, except
 * that one which would look like success becomes 403. Headers that the filter copies are taken from the authorisation server alone.
 * Spec: HTTPAuthConfig.allowedResponseHeaders (GEP-1494).
 */
export function readHttpVerdict(filter: ExternalAuth, answer: OwnAnswer): AuthVerdict {
  const { status } = answer;
  if (filter.serverErrors === "failures" && status >= 500) return failed;
  if (status !== 200 && !(filter.path.kind === "fixed" && status > 200 && status < 300)) {
    return {
      kind: "denied",
      reply: {
        kind: "page",
        status: status < 300 ? 403 : status,
        flag: "UAEX",
        headers: replyHeaders(answer),
        body: answer.content,
      },
    };
  }
  const { allowedResponseHeaders: named, clientHeaders } = filter;
  const copied = (name: string): boolean => (named === "all" ? !answerFields.has(name) : named.includes(name));
  return {
    kind: "admitted",
    changes: {
      removeHeaders: claimedHeaders(filter),
      headers: take(answer, copied),
      setQuery: [],
      removeQuery: [],
      responseHeaders: take(answer, (name) => clientHeaders.includes(name)),
    },
  };
}

/** Request headers that only the server's word counts for: what a client sent under these names goes, but for Authorization, which the server has seen. */
export function claimedHeaders({ allowedResponseHeaders: named }: ExternalAuth): readonly string[] {
  return named === "all" ? [] : named.filter((name) => name !== "authorization");
}

/** The first of a name replaces, the others come behind it. Cookies stand beside those that are there. */
function take(answer: OwnAnswer, wanted: (name: string) => boolean): readonly AuthHeader[] {
  const seen = new Set<string>(["set-cookie"]);
  return answer.headers
    .filter(([name]) => wanted(name) && !isOwnField(name))
    .map(([name, value]) => {
      const how = seen.has(name) ? "add" : "set";
      seen.add(name);
      return { name, value, how } as const;
    });
}

function replyHeaders({ headers }: OwnAnswer): OwnAnswer["headers"] {
  return headers.filter(([name]) => name !== "date" && (!isOwnField(name) || name === "proxy-authenticate"));
}
