import type { LocalReply, Page } from "../filter/contract/local-reply.ts";
import { encodeGrpcMessage } from "../wire/grpc-message.ts";
import { statusText } from "../wire/http1/status-text.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";
import { type GrpcStatusName, grpcStatus } from "./grpc-status.ts";
import type { LocalAnswer } from "./local-answer.ts";

/** The headers of a filter's answer that mean something of their own to a gRPC client; the others describe a page. */
const pageHeaders: ReadonlySet<string> = new Set(["content-type", "content-length", "content-encoding", "location"]);

/** Of a filter's text, in characters. */
const maxMessageLength = 1_024;

/** An answer of our own to a gRPC call: Trailers-Only, so that the status stands in the head. gRPC over HTTP/2, "Responses". */
export function grpcReply(status: GrpcStatusName, message: string, headers: LocalReply["headers"] = []): LocalAnswer {
  const kept = headers.filter(([name]) => !pageHeaders.has(name.toLowerCase()));
  return {
    status: 200,
    headers: [
      ["content-type", "application/grpc"],
      ["grpc-status", String(grpcStatus[status])],
      ["grpc-message", encodeGrpcMessage(message)],
      ...kept,
    ],
    body: "",
  };
}

/** A filter's refusal, with what it says as the message when it is plain text. */
export function pageAsGrpc(page: Page, status: GrpcStatusName): LocalAnswer {
  const type = page.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "text/plain";
  const said = type.startsWith("text/plain") ? page.body.toString().trim().slice(0, maxMessageLength) : "";
  return grpcReply(status, said === "" ? statusText(page.status) : said, page.headers);
}

/** The trailers of an answer with a status: for a call that fails when its answer has begun. */
export function grpcTrailers(status: GrpcStatusName, message: string): readonly HeaderField[] {
  return [
    { name: "grpc-status", value: String(grpcStatus[status]) },
    { name: "grpc-message", value: encodeGrpcMessage(message) },
  ];
}
