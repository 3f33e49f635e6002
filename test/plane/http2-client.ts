import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";

export type Http2Response = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Statuses of interim answers, in order. */
  readonly interim: readonly number[];
};

/** A session of Node's own HTTP/2 client, closed when the test is over. */
export class Http2Client implements AsyncDisposable {
  readonly session: ClientHttp2Session;

  constructor(origin: string, options: Parameters<typeof connect>[1] = {}) {
    this.session = connect(origin, options);
    this.session.on("error", () => {});
  }

  /** Sends a request and reads its whole answer; rejects when the stream breaks. */
  async request(
    headers: OutgoingHttpHeaders,
    body?: string | Buffer,
    trailers?: OutgoingHttpHeaders,
  ): Promise<Http2Response> {
    const stream = this.session.request(
      { ":authority": "app.example.test", ...headers },
      { endStream: body === undefined, ...(trailers === undefined ? {} : { waitForTrailers: true }) },
    );
    if (trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    const interim: number[] = [];
    let received: IncomingHttpHeaders = {};
    const response = once(stream, "response") as Promise<[IncomingHttpHeaders & { ":status": number }]>;
    // A stream that breaks rejects both; the second rejection must find someone too.
    response.catch(() => {});
    stream.on("headers", (one: { ":status"?: number }) => interim.push(one[":status"] ?? 0));
    stream.on("trailers", (one: IncomingHttpHeaders) => {
      received = one;
    });
    if (body !== undefined) stream.end(body);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const [head] = await response;
    return { status: head[":status"], headers: head, trailers: received, body: Buffer.concat(chunks), interim };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
  }
}

/** A client of a clear listener. */
export function clearClient(port: number, options: Parameters<typeof connect>[1] = {}): Http2Client {
  return new Http2Client(`http://127.0.0.1:${port}`, options);
}
