/** The one place where an answer of the gateway's own gets its looks: a page, a sentence, or the status of a gRPC call. */
import { type LocalReply, type Problem, problem } from "../filter/contract/local-reply.ts";
import { type ProxyErrorKind, proxyErrors } from "./error.ts";
import { grpcReply, pageAsGrpc } from "./grpc-reply.ts";
import {
  type GrpcStatusName,
  grpcStatus,
  grpcStatusForHttp,
  grpcStatusName,
  grpcStatusOfError,
} from "./grpc-status.ts";

/** An answer as it is sent. */
export type LocalAnswer = {
  readonly status: number;
  readonly headers: LocalReply["headers"];
  readonly body: string | Buffer;
};

/** Who is answered. */
export type AnsweredRequest = { readonly grpc: boolean; readonly requestId: string };

const problems = Object.fromEntries(
  Object.entries(proxyErrors).map(([kind, { status, flag, message }]) => [
    kind,
    { ...problem(status, flag, message), grpcStatus: grpcStatus[grpcStatusOfError[kind as ProxyErrorKind]] },
  ]),
) as Readonly<Record<ProxyErrorKind, Problem>>;

/** A failure of the gateway as an answer. */
export function problemOf(kind: ProxyErrorKind): Problem {
  return problems[kind];
}

/** What a gRPC client is told of an answer that is no success. */
export function grpcStatusOf(reply: LocalReply): GrpcStatusName {
  return reply.kind === "problem" && reply.grpcStatus !== undefined
    ? grpcStatusName(reply.grpcStatus)
    : grpcStatusForHttp(reply.status);
}

/** The message of a gRPC call that a problem ends. */
export function grpcMessageOf({ message }: Problem, requestId: string): string {
  return `${message} Request: ${requestId}`;
}

/** Puts an answer into the form that the client can read. A status that is none of a final answer is a bug and throws. */
export function renderLocalReply(reply: LocalReply, { grpc, requestId }: AnsweredRequest): LocalAnswer {
  if (!(reply.status >= 200 && reply.status <= 599)) throw new Error(`no answer has the status ${reply.status}`);
  if (reply.kind === "page") return grpc && reply.status >= 400 ? pageAsGrpc(reply, grpcStatusOf(reply)) : reply;
  const { status, headers, message } = reply;
  if (grpc) return grpcReply(grpcStatusOf(reply), grpcMessageOf(reply, requestId), headers);
  return {
    status,
    headers: [["content-type", "text/plain; charset=utf-8"], ...headers],
    body: `${message}\nRequest: ${requestId}\n`,
  };
}
