/** Backends of the recorded cases: every port speaks HTTP/1.1, HTTP/2, TLS and WebSocket, does what `X-Echo-*` asks for, and remembers. */
import { createHash } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Certificates } from "./certificates.ts";

/** One request as a backend got it. */
export type SeenRequest = {
  readonly atMs: number;
  readonly address: string;
  readonly port: number;
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly tls: Readonly<Record<"sni" | "protocol" | "alpn" | "clientCert", string | null>> | undefined;
  bodyBytes: number;
  aborted: boolean;
  /** The first line, when it could not be understood. */
  readonly refusedLine: string | undefined;
};

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

const tlsHandshake = 0x16;
const webSocketKeyEnd = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export class EchoBackend implements AsyncDisposable {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #http = createHttpServer(
    { maxHeaderSize: 256 * 1024, insecureHTTPParser: true, keepAliveTimeout: 30_000, requireHostHeader: false },
    (request, response) => void this.#answer(request, response),
  );
  readonly #http2 = createHttp2Server({}, (request, response) => void this.#answer(request, response));
  readonly #tls;
  #seen: SeenRequest[] = [];

  constructor({ backend, backendAuthority }: Certificates) {
    this.#http.on("upgrade", (request, socket: Socket) => this.#upgrade(request, socket));
    this.#http.on("clientError", (error, socket) => this.#refuse(error, socket as Socket));
    this.#tls = createTlsServer(
      {
        key: backend.keyPem,
        cert: backend.certPem,
        ca: backendAuthority.certPem,
        requestCert: true,
        rejectUnauthorized: false,
        ALPNProtocols: ["h2", "http/1.1"],
      },
      (socket) => {
        socket.on("error", () => {});
        (socket.alpnProtocol === "h2" ? this.#http2 : this.#http).emit("connection", socket);
      },
    );
    this.#tls.on("tlsClientError", () => {});
  }

  /** Answers at an address and port until this goes out of scope. */
  async listen(address: string, port: number): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, resolve);
    });
  }

  /** What came since the last call. */
  take(): readonly SeenRequest[] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#http.closeAllConnections();
  }

  /** The first byte tells the protocol. */
  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      if (first === null) return;
      socket.unshift(first);
      const server =
        first[0] === tlsHandshake ? this.#tls : first.toString("latin1", 0, 3) === "PRI" ? this.#http2 : this.#http;
      server.emit("connection", socket);
    });
  }

  #record(request: Request): SeenRequest {
    const socket = request.socket as TLSSocket;
    const seen: SeenRequest = {
      atMs: performance.now(),
      address: socket.localAddress ?? "",
      port: socket.localPort ?? 0,
      method: request.method ?? "",
      url: request.url ?? "",
      httpVersion: request.httpVersion,
      headers: headersOf(request),
      tls: socket.encrypted
        ? {
            sni: socket.servername || null,
            protocol: socket.getProtocol(),
            alpn: socket.alpnProtocol || null,
            clientCert: String(socket.getPeerCertificate()?.subject?.CN ?? "") || null,
          }
        : undefined,
      bodyBytes: 0,
      aborted: false,
      refusedLine: undefined,
    };
    this.#seen.push(seen);
    return seen;
  }

  async #answer(request: Request, response: Response): Promise<void> {
    const seen = this.#record(request);
    try {
      for await (const chunk of request) seen.bodyBytes += (chunk as Buffer).length;
    } catch {
      seen.aborted = true;
      return;
    }
    const url = new URL(seen.url.startsWith("/") ? `http://x${seen.url}` : seen.url, "http://x");
    if (url.pathname.startsWith("/auth-svc/")) answerAuth(url.pathname.split("/")[2] ?? "", request, response);
    else await this.#echo(seen, request, response).catch(() => request.socket.destroy());
  }

  async #echo(seen: SeenRequest, request: Request, response: Response): Promise<void> {
    const asked = (name: string): string | undefined => request.headers[`x-echo-${name}`] as string | undefined;
    if (asked("delay") !== undefined) await wait(Number(asked("delay")));
    if (asked("drop") !== undefined) {
      request.socket.destroy();
      return;
    }
    const isErrorPage = request.headers["x-code"] !== undefined && request.headers["x-format"] !== undefined;
    const status = Number(asked("status") ?? (isErrorPage ? request.headers["x-code"] : 200));
    const isGrpc = request.headers["content-type"]?.startsWith("application/grpc") === true;
    const setHeader = asked("only-path") !== undefined && asked("only-path") !== seen.url ? "" : asked("set-header");
    const headers: [string, string][] = [
      ["Content-Type", isGrpc ? "application/grpc" : "application/json"],
      ["X-Echo-Reply", "1"],
      ...(setHeader ?? "").split("|").filter(Boolean).map(splitHeader),
      ...(asked("big-header") === undefined ? [] : [["X-Big", "x".repeat(Number(asked("big-header")))] as const]),
    ].map(([name, value]) => [name as string, value as string]);
    const text = JSON.stringify({ method: seen.method, url: seen.url, headers: seen.headers });
    if (isHttp2(response)) {
      for (const [name, value] of headers) response.setHeader(name.toLowerCase(), value);
      response.statusCode = status;
      if (!isGrpc) return void response.end(text);
      const length = Buffer.alloc(5);
      length.writeUInt32BE(Buffer.byteLength(text), 1);
      response.addTrailers({ "grpc-status": "0" });
      response.end(Buffer.concat([length, Buffer.from(text)]));
      return;
    }
    response.writeHead(status, headers.flat());
    if (asked("chunk-delay") !== undefined) {
      response.write(text.slice(0, 10));
      await wait(Number(asked("chunk-delay")));
      response.end(text.slice(10));
    } else if (asked("body-bytes") !== undefined) response.end("x".repeat(Number(asked("body-bytes"))));
    else response.end(text);
  }

  #upgrade(request: IncomingMessage, socket: Socket): void {
    const seen = this.#record(request);
    const key = `${request.headers["sec-websocket-key"] ?? ""}${webSocketKeyEnd}`;
    socket.on("error", () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}\r\n\r\n`,
    );
    const text = Buffer.from(seen.url);
    socket.write(Buffer.concat([Buffer.of(0x81, text.length), text]));
    setTimeout(() => socket.end(), Number(request.headers["x-echo-quiet"] ?? 300));
  }

  #refuse(error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket: Socket): void {
    const [line = ""] = error.rawPacket?.toString("latin1").split("\r\n") ?? [];
    const [method = "", url = ""] = line.split(" ");
    if (error.rawPacket)
      this.#seen.push({
        atMs: performance.now(),
        address: socket.localAddress ?? "",
        port: socket.localPort ?? 0,
        method,
        url,
        httpVersion: "1.1",
        headers: [],
        tls: undefined,
        bodyBytes: 0,
        aborted: false,
        refusedLine: line,
      });
    if (socket.writable)
      socket.end("HTTP/1.1 400 Bad Request\r\nX-Echo-Reply: refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }
}

function answerAuth(mode: string, request: Request, response: Response): void {
  const send = (status: number, headers: Readonly<Record<string, string>>): void => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.statusCode = status;
    (response as ServerResponse).end(`auth ${mode}\n`);
  };
  const user = { "X-Auth-User": "alice" };
  if (mode === "bearer") {
    if (request.headers.authorization === "Bearer good") send(200, { ...user, "X-Auth-Groups": "ops" });
    else send(401, { "WWW-Authenticate": 'Bearer realm="svc"' });
  } else if (mode === "cookie") send(200, { "Set-Cookie": "authsession=abc; Path=/", ...user });
  else if (mode === "denycookie") send(401, { "Set-Cookie": "authsession=gone; Path=/" });
  else if (mode === "redirect") send(302, { Location: "http://login.example/start" });
  else send(Number(mode) || 200, user);
}

function headersOf(request: Request): readonly (readonly [string, string])[] {
  if (request.httpVersionMajor === 2) return Object.entries(request.headers).map(([name, value]) => [name, `${value}`]);
  const { rawHeaders } = request;
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""] as const] : []));
}

function splitHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

function isHttp2(response: Response): response is Http2ServerResponse {
  return "stream" in response;
}
