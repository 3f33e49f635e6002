import { isConnectionLogin } from "../../wire/http1/connection-login.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { RequestHead } from "../contract/message.ts";
import type { OwnAnswer, OwnMessage } from "../contract/own-request.ts";
import type { ExternalAuth } from "./auth-server.ts";
import type { AuthVerdict } from "./auth-verdict.ts";
import { isOwnField } from "./own-field.ts";

/**
 * Asks in plain HTTP: method and host of the request, its path behind the prefix, the headers that always go and those that
 * are named, who the client is. The length is that of the body that is sent along. Spec: HTTPExternalAuthFilter.http (GEP-1494).
 */
export function writeHttpCheck(filter: ExternalAuth, subject: RequestHead, content: Buffer): OwnMessage {
  const target = subject.askedTarget();
  const path = filter.pathPrefix === "" ? target : `${filter.pathPrefix}${target.startsWith("/") ? target : "/"}`;
  const writer = new HeadWriter(1_024);
  writer.text(`${subject.method} ${path} HTTP/1.1`).crlf().field("host", subject.sentHost());
  for (const name of new Set(["authorization", ...filter.allowedHeaders])) {
    if (isOwnField(name)) continue;
    const value = subject.header(name);
    if (value !== undefined) writer.field(name, value);
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
 * 200 admits; any other status is the answer that the client gets, except that one which would look like success becomes
 * 403. Headers that the filter copies are taken from the authorisation server alone: what a client sent under these names
 * goes, but for Authorization, which the server has seen. Spec: HTTPAuthConfig.allowedResponseHeaders (GEP-1494).
 */
export function readHttpVerdict(filter: ExternalAuth, answer: OwnAnswer): AuthVerdict {
  if (answer.status !== 200) {
    return {
      kind: "denied",
      reply: {
        kind: "page",
        status: answer.status < 300 ? 403 : answer.status,
        flag: "UAEX",
        headers: replyHeaders(answer),
        body: answer.content,
      },
    };
  }
  const named = new Set(filter.allowedResponseHeaders);
  const seen = new Set<string>();
  const headers = answer.headers
    .filter(([name]) => (named.size === 0 ? !answerFields.has(name) : named.has(name)) && !isOwnField(name))
    .map(([name, value]) => {
      const how = seen.has(name) ? "add" : "set";
      seen.add(name);
      return { name, value, how } as const;
    });
  return {
    kind: "admitted",
    changes: {
      removeHeaders: [...named].filter((name) => name !== "authorization"),
      headers,
      setQuery: [],
      removeQuery: [],
      responseHeaders: [],
    },
  };
}

function replyHeaders({ headers }: OwnAnswer): OwnAnswer["headers"] {
  return headers.filter(([name]) => name !== "date" && (!isOwnField(name) || name === "proxy-authenticate"));
}
