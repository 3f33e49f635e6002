import { type IncomingHttpHeaders, performServerHandshake, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { type EchoAnswer, echoAnswer, type StubIdentity } from "./echo-handler.ts";

/** Status codes of gRPC. */
const grpcStatusPattern = /^(1[0-6]|[0-9])$/;
const unimplemented = "12";
/** A question that is not answered with itself: that might be read as a permission. */
const authorisation = "/envoy.service.auth.";

/**
 * Serves HTTP/2 on a connection that began with its preface: requests are answered as {@link EchoAnswer}, gRPC calls with their own
 * messages, one by one as they come, and `x-stub-service` (`namespace/name:port`) in the head. `x-stub-grpc-status` asks for a
 * status other than 0.
 */
export function echoHttp2(identity: StubIdentity, socket: Socket): void {
  const session = performServerHandshake(socket);
  session.on("error", () => socket.destroy());
  session.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => stream.destroy());
    if (headers["content-type"]?.startsWith("application/grpc")) echoCall(identity, stream, headers);
    else echoRequest(identity, stream, headers);
  });
}

function echoCall(identity: StubIdentity, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  if (String(headers[":path"]).startsWith(authorisation)) {
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": unimplemented },
      { endStream: true },
    );
    return;
  }
  const asked = String(headers["x-stub-grpc-status"] ?? "");
  const status = grpcStatusPattern.test(asked) ? asked : "0";
  const service = `${identity.namespace}/${identity.service}:${identity.port}`;
  const head = { ":status": 200, "content-type": "application/grpc", "x-stub-service": service };
  stream.respond(head, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status, "grpc-message": "" }));
  stream.pipe(stream);
}

function echoRequest(identity: StubIdentity, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  let bodyBytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bodyBytes += chunk.length;
  });
  stream.on("end", () => {
    const fields = Object.entries(headers).filter(([name]) => !name.startsWith(":"));
    const request: EchoAnswer["request"] = {
      method: String(headers[":method"]),
      path: String(headers[":path"]),
      host: String(headers[":authority"]),
      headers: Object.fromEntries(fields.map(([name, value]) => [name, [value].flat().join(", ")])),
      bodyBytes,
    };
    const body = echoAnswer(identity, request);
    stream.respond({ ":status": 200, "content-type": "application/json", "content-length": body.length });
    stream.end(body);
  });
}
