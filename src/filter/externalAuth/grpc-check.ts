import type { Cluster } from "../../ir/cluster.ts";
import { checkPath, decodeCheckResponse, encodeCheckRequest } from "../../wire/ext-authz.ts";
import type { RequestFacts } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";
import type { OwnAnswer, OwnMessage } from "../contract/own-request.ts";
import { readGrpcMessage, writeGrpcCall } from "../grpcCall/grpc-call.ts";
import type { AuthServer, ExternalAuth } from "./auth-server.ts";
import { type AuthVerdict, failed } from "./auth-verdict.ts";
import { isOwnField } from "./own-field.ts";

/**
 * Asks as `envoy.service.auth.v3.Authorization/Check`. Without names of headers all are sent. Spec:
 * HTTPExternalAuthFilter.grpc (GEP-1494); gRPC over HTTP/2.
 */
export function writeGrpcCheck(
  { filter, context }: Pick<AuthServer, "filter" | "context">,
  { cluster, timeoutMs }: { readonly cluster: Cluster; readonly timeoutMs: number },
  {
    subject,
    facts,
    content,
  }: { readonly subject: RequestHead; readonly facts: RequestFacts; readonly content: Buffer },
): OwnMessage {
  const message = encodeCheckRequest({
    source: { address: facts.clientAddress, port: 0 },
    destination: { address: "", port: facts.listenerPort },
    startMs: facts.startMs,
    id: facts.requestId,
    method: subject.method,
    headers: headersOf(filter, subject),
    path: subject.askedTarget(),
    host: subject.sentHost(),
    scheme: facts.scheme,
    protocol: facts.protocol,
    size: content.length,
    body: content,
    context,
    route: filter.route,
  });
  return writeGrpcCall(checkPath, message, { cluster, timeoutMs });
}

function headersOf(filter: ExternalAuth, subject: RequestHead): readonly [string, string][] {
  const all = filter.allowedHeaders.length === 0;
  const headers: [string, string][] = [];
  for (const name of all ? subject.headerNames() : filter.allowedHeaders) {
    const value = isOwnField(name) ? undefined : subject.header(name);
    if (value !== undefined) headers.push([name, value]);
  }
  for (const line of subject.ownLines().split("\r\n")) {
    const colon = line.indexOf(": ");
    const name = line.slice(0, colon);
    if (colon > 0 && (all || filter.allowedHeaders.includes(name))) headers.push([name, line.slice(colon + 2)]);
  }
  return headers;
}

/** A permission, a refusal with its own answer (403 when it names no status), or nothing that can be understood. */
export function readGrpcVerdict(answer: OwnAnswer): AuthVerdict {
  const message = readGrpcMessage(answer);
  const response = message === undefined ? undefined : decodeCheckResponse(message);
  if (response === undefined) return failed;
  if (response.kind === "ok") return { kind: "admitted", changes: response };
  const status = response.status === 0 ? 403 : response.status;
  if (status < 200 || status > 599) return failed;
  return {
    kind: "denied",
    reply: {
      kind: "page",
      status,
      flag: "UAEX",
      headers: response.headers.filter(({ name }) => !isOwnField(name)).map(({ name, value }) => [name, value]),
      body: response.body,
    },
  };
}
