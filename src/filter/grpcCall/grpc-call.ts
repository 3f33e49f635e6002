import type { Cluster } from "../../ir/cluster.ts";
import { isGrpcContentType } from "../../wire/grpc-content-type.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { OwnAnswer, OwnMessage } from "../contract/own-request.ts";

/** gRPC's frame of one message: a flag for compression and the length. */
const framePrefixBytes = 5;

/** A call of a method with one message, as a request of the gateway's own. Spec: gRPC over HTTP/2. */
export function writeGrpcCall(path: string, message: Buffer, to: { cluster: Cluster; timeoutMs: number }): OwnMessage {
  const { cluster, timeoutMs } = to;
  const body = Buffer.allocUnsafe(framePrefixBytes + message.length);
  body[0] = 0;
  body.writeUInt32BE(message.length, 1);
  message.copy(body, framePrefixBytes);
  const writer = new HeadWriter(512);
  writer
    .text(`POST ${path} HTTP/1.1`)
    .crlf()
    .field("host", cluster.tls?.hostname ?? `${cluster.name}.${cluster.namespace}:${cluster.port}`)
    .field("content-type", "application/grpc")
    .field("te", "trailers")
    .field("grpc-timeout", `${timeoutMs}m`)
    .contentLength(body.length)
    .crlf();
  return { method: "POST", head: writer.take(), content: body, acceptsTrailers: true, logsIn: false };
}

/** The one message of a call that ended well; `undefined` for any other answer. */
export function readGrpcMessage({ status, headers, trailers, content: body }: OwnAnswer): Buffer | undefined {
  const find = (name: string) => [...trailers, ...headers].find(([known]) => known === name)?.[1];
  if (status !== 200 || find("grpc-status") !== "0") return undefined;
  if (!isGrpcContentType(find("content-type"))) return undefined;
  if (body.length < framePrefixBytes || body[0] !== 0) return undefined;
  return body.readUInt32BE(1) === body.length - framePrefixBytes ? body.subarray(framePrefixBytes) : undefined;
}
