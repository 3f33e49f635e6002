import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";

/** A request as a test's backend got it. */
export type UpstreamRequest = {
  /** Head with its empty line. */
  readonly head: string;
  /** Content; chunks taken apart. */
  readonly body: string;
  /** Chunked bodies as they came. */
  readonly rawBody: string;
  readonly socket: Socket;
  /** Requests before this one on the same connection. */
  readonly earlier: number;
};

/** Answers with bytes as they are; nothing when it returns `undefined`. */
export type Answer = (request: UpstreamRequest) => string | undefined | Promise<string | undefined>;

/** A backend that reads whole requests and answers with raw bytes. */
export class RawUpstream implements AsyncDisposable {
  readonly requests: UpstreamRequest[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(answer: Answer): Promise<RawUpstream> {
    const upstream = await RawUpstream.startRaw((socket) => upstream.#serve(socket, answer));
    return upstream;
  }

  /** Hands over each connection as it is. */
  static async startRaw(onConnection: (socket: Socket, upstream: RawUpstream) => void): Promise<RawUpstream> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const upstream = new RawUpstream(server);
    server.on("connection", (socket) => {
      upstream.connections++;
      upstream.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => upstream.#sockets.delete(socket));
      onConnection(socket, upstream);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, "close");
  }

  #serve(socket: Socket, answer: Answer): void {
    let buffer = "";
    let earlier = 0;
    let busy = false;
    const step = async () => {
      if (busy) return;
      busy = true;
      for (;;) {
        const parsed = takeRequest(buffer);
        if (parsed === undefined) break;
        buffer = parsed.rest;
        const request = { head: parsed.head, body: parsed.body, rawBody: parsed.rawBody, socket, earlier: earlier++ };
        this.requests.push(request);
        const text = await answer(request);
        if (text !== undefined) socket.write(Buffer.from(text, "latin1"));
      }
      busy = false;
    };
    socket.on("data", (chunk: Buffer) => {
      buffer += chunk.latin1Slice();
      void step();
    });
    socket.on("end", () => socket.end());
  }
}

function takeRequest(text: string): { head: string; body: string; rawBody: string; rest: string } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end + 4);
  const after = text.slice(end + 4);
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return takeChunks(head, after);
  const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
  if (after.length < length) return undefined;
  const body = after.slice(0, length);
  return { head, body, rawBody: body, rest: after.slice(length) };
}

function takeChunks(
  head: string,
  after: string,
): { head: string; body: string; rawBody: string; rest: string } | undefined {
  let at = 0;
  let body = "";
  for (;;) {
    const lineEnd = after.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(after.slice(at, lineEnd), 16);
    if (size === 0) {
      const end = after.indexOf("\r\n\r\n", lineEnd);
      if (end < 0) return undefined;
      return { head, body, rawBody: after.slice(0, end + 4), rest: after.slice(end + 4) };
    }
    if (after.length < lineEnd + 2 + size + 2) return undefined;
    body += after.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}

/** A 200 with a length. */
export function ok(body: string, lines = ""): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${lines}\r\n${body}`;
}
