import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import { type GrpcStatusName, grpcStatus, grpcStatusForHttp } from "../grpc-status.ts";

/** What became of a request, for the log, the metrics and the spans. One per exchange, reused. */
export class Outcome {
  /** HTTP status that the client was sent; 0: none yet. */
  status = 0;
  /** Of the backend's answer that is passed on; 0: none. */
  upstreamStatus = 0;
  flag: ResponseFlag = "-";
  /** A gRPC call, of a client that speaks HTTP/2. */
  grpc = false;
  /** Who decided the outcome of a gRPC call. */
  grpcFrom: "server" | "gateway" = "gateway";
  /** Outcome of a gRPC call; -1: not known yet. */
  #grpcStatus = -1;

  reset(): void {
    this.status = 0;
    this.upstreamStatus = 0;
    this.flag = "-";
    this.grpc = false;
    this.grpcFrom = "gateway";
    this.#grpcStatus = -1;
  }

  /** The backend told the outcome of a call, in the head or the trailers of its answer; `undefined`: it told none there. */
  onGrpcStatus(status: number | undefined): void {
    if (status === undefined) return;
    this.#grpcStatus = status;
    this.grpcFrom = "server";
  }

  /** The gateway ends the call itself. */
  endCall(name: GrpcStatusName): void {
    this.#grpcStatus = grpcStatus[name];
  }

  /** What the client took for the outcome of a call. gRPC, "HTTP to gRPC status code mapping". */
  get grpcStatus(): number {
    if (this.#grpcStatus >= 0) return this.#grpcStatus;
    if (this.flag === "DC") return grpcStatus.CANCELLED;
    return grpcStatus[this.status === 200 ? "UNKNOWN" : grpcStatusForHttp(this.status)];
  }
}
