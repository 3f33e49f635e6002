import type { GrpcProbe } from "../../../ir/traffic/health-check.ts";
import { HeadWriter } from "../../../wire/http1/serialize.ts";
import { ProtobufWriter, readProtobuf } from "../../../wire/protobuf.ts";
import type { Question } from "./asked-probe.ts";

/** A frame of gRPC begins with a flag for compression and the length of its message. */
const framePrefixBytes = 5;
/** `HealthCheckResponse` has one field; there may be more one day. */
const maxFields = 16;
/** Names of `HealthCheckResponse.ServingStatus`. */
const servingStatus = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

/** The call of a gRPC check; `host` is its authority. Spec: grpc.health.v1, BackendTrafficPolicy.healthCheck.active.grpc. */
export function grpcQuestion({ service }: GrpcProbe, host: string): Question {
  const message = new ProtobufWriter().string(1, service).finish();
  const content = Buffer.alloc(framePrefixBytes + message.length);
  content.writeUInt32BE(message.length, 1);
  message.copy(content, framePrefixBytes);
  const head = new HeadWriter(256)
    .text("POST /grpc.health.v1.Health/Check HTTP/1.1")
    .crlf()
    .field("host", host)
    .field("user-agent", "sluice-health-check")
    .field("content-type", "application/grpc")
    .field("te", "trailers")
    .contentLength(content.length)
    .crlf()
    .take();
  return {
    message: { method: "POST", head, content, acceptsTrailers: true, logsIn: false },
    judge: ({ status, grpcStatus, content: answer }) => {
      if (status !== 200) return { kind: "verdict", reason: `the status is ${status}` };
      if (grpcStatus !== 0) return { kind: "verdict", reason: `grpc-status is ${grpcStatus}` };
      const serving = servingIn(answer);
      if (serving === 1) return { kind: "success" };
      return { kind: "verdict", reason: `the service is ${servingStatus[serving] ?? "UNKNOWN"}` };
    },
  };
}

/** `HealthCheckResponse.status`; 0, which is `UNKNOWN`, also for what cannot be read. */
function servingIn(content: Buffer): number {
  const fields = readProtobuf(content.subarray(framePrefixBytes), maxFields) ?? [];
  const field = fields.findLast(({ number }) => number === 1);
  return field?.kind === "varint" ? field.value : 0;
}
