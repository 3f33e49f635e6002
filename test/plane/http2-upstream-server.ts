import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type Http2SecureServer as SecureServer,
  type Http2Server as Server,
  type ServerHttp2Stream,
  type Settings,
} from "node:http2";
import type { AddressInfo } from "node:net";

export type SeenRequest = {
  readonly headers: IncomingHttpHeaders;
  readonly stream: ServerHttp2Stream;
  /** Requests before this one on the same connection. */
  readonly earlier: number;
  readonly session: Http2Session;
};

export type OnRequest = (request: SeenRequest) => void;

export type Http2ServerOptions = {
  readonly settings?: Settings;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ALPNProtocols?: string[] };
};

type AnyServer = Server | SecureServer;

/** A backend that speaks HTTP/2 and nothing else, by another implementation than ours. */
export class Http2Server implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly sessions = new Set<Http2Session>();
  connections = 0;
  readonly #server: AnyServer;

  private constructor(server: AnyServer) {
    this.#server = server;
  }

  static async start(onRequest: OnRequest, options: Http2ServerOptions = {}): Promise<Http2Server> {
    const settings = options.settings ?? {};
    const server =
      options.tls === undefined ? createServer({ settings }) : createSecureServer({ settings, ...options.tls });
    const one = new Http2Server(server);
    server.on("session", (session) => {
      one.connections++;
      one.sessions.add(session);
      session.on("error", () => {});
      session.on("close", () => one.sessions.delete(session));
      let earlier = 0;
      session.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        stream.on("error", () => {});
        const request = { headers, stream, earlier: earlier++, session };
        one.requests.push(request);
        onRequest(request);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return one;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** The whole body of a request. */
export async function bodyOf(stream: ServerHttp2Stream): Promise<string> {
  let body = "";
  for await (const chunk of stream) body += (chunk as Buffer).latin1Slice();
  return body;
}
