import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";

export type GrpcOutcome = {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  /** Messages, each with its prefix of five bytes. */
  readonly body: Buffer;
  /** From the trailers, or from the head of a Trailers-Only answer. `undefined`: the stream ended without one. */
  readonly status: number | undefined;
  readonly message: string;
  /** Code of RST_STREAM; 0: none. */
  readonly reset: number;
};

/** A client of one HTTP/2 connection that makes gRPC calls. */
export class GrpcClient implements AsyncDisposable {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static async connect(port: number): Promise<GrpcClient> {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    await once(session, "connect");
    return new GrpcClient(session);
  }

  /** Begins a call; the caller writes messages and ends it. */
  begin(path: string, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      ":authority": "grpc.example.test",
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", () => {});
    return stream;
  }

  /** Makes a call with one message. */
  async call(path: string, headers: Readonly<Record<string, string>> = {}, message = "hello"): Promise<GrpcOutcome> {
    const stream = this.begin(path, headers);
    stream.end(frame(message));
    return await outcome(stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.destroy();
  }
}

/** A message with its prefix. gRPC over HTTP/2, "Length-Prefixed-Message". */
export function frame(message: string): Buffer {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.latin1Write(message, 5);
  return bytes;
}

/** How a call ended. */
export async function outcome(stream: ClientHttp2Stream): Promise<GrpcOutcome> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const parts: Buffer[] = [];
  stream.on("response", (fields) => {
    headers = fields;
  });
  stream.on("trailers", (fields) => {
    trailers = fields;
  });
  stream.on("data", (part: Buffer) => parts.push(part));
  if (!stream.closed) await once(stream, "close");
  const status = trailers["grpc-status"] ?? headers["grpc-status"];
  const message = trailers["grpc-message"] ?? headers["grpc-message"];
  return {
    headers,
    trailers,
    body: Buffer.concat(parts),
    status: status === undefined ? undefined : Number(status),
    message: decodeURIComponent(String(message ?? "")),
    reset: stream.rstCode,
  };
}
