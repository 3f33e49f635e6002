import type { HeaderField } from "./http2/hpack-table.ts";

/** Code of a `grpc-status`; `undefined`: the text is none. gRPC over HTTP/2, "Responses". */
export function parseGrpcStatus(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,4}$/.test(text) ? Number(text) : undefined;
}

/** The same of the trailers of an answer; `undefined`: they tell none. */
export function grpcStatusIn(trailers: readonly HeaderField[]): number | undefined {
  return parseGrpcStatus(trailers.find(({ name }) => name === "grpc-status")?.value);
}
