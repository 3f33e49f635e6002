import { createServer, type ServerHttp2Stream } from "node:http2";
import { checkPath } from "../../../src/wire/ext-authz.ts";
import { ProtobufWriter, readProtobuf } from "../../../src/wire/protobuf.ts";
import { authPort } from "./http-auth.ts";

/** The bytes at a path of field numbers; `undefined` when there are none. */
function at(message: Buffer, ...path: readonly number[]): Buffer | undefined {
  return path.reduce<Buffer | undefined>((bytes, number) => {
    const field = bytes && readProtobuf(bytes, 1_000)?.find((one) => one.number === number && one.kind === "bytes");
    return field?.kind === "bytes" ? field.value : undefined;
  }, message);
}

/** Headers of the HTTP request in a CheckRequest. */
function headersIn(message: Buffer): ReadonlyMap<string, string> {
  const fields = readProtobuf(at(message, 1, 4, 2) ?? Buffer.alloc(0), 1_000) ?? [];
  const entries = fields.flatMap((field) => (field.number === 3 && field.kind === "bytes" ? [field.value] : []));
  return new Map(entries.map((entry) => [String(at(entry, 1)), String(at(entry, 2) ?? "")]));
}

const header = (key: string, value: string) =>
  new ProtobufWriter().message(1, new ProtobufWriter().string(1, key).string(2, value));

/** Admits who says `authorization: let me in` (and says so in `x-auth-user` and `x-auth-path`), refuses others with 401. */
function check(message: Buffer): Buffer {
  if (headersIn(message).get("authorization") === "let me in") {
    const path = String(at(message, 1, 4, 2, 4) ?? "");
    const permission = new ProtobufWriter()
      .message(2, header("x-auth-user", "ann"))
      .message(2, header("x-auth-path", path));
    return new ProtobufWriter().message(3, permission).finish();
  }
  const refusal = new ProtobufWriter()
    .message(1, new ProtobufWriter().varint(1, 401))
    .message(2, header("www-authenticate", "Basic"))
    .string(3, "who are you?");
  return new ProtobufWriter().message(1, new ProtobufWriter().varint(1, 16)).message(2, refusal).finish();
}

/** An authorisation server over gRPC, in clear text: `envoy.service.auth.v3.Authorization/Check`. */
export function serveGrpcAuth(): void {
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("error", () => stream.destroy());
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      const known = headers[":path"] === checkPath;
      const body = known ? check(Buffer.concat(parts).subarray(5)) : Buffer.alloc(0);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": known ? "0" : "12" }));
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(body.length, 1);
      stream.end(Buffer.concat([prefix, body]));
    });
  });
  server.listen(authPort);
}
