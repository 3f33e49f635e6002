/** Sends requests of recorded cases, byte for byte as they are written, and reads whatever comes back. */
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type SecureVersion } from "node:tls";
import type { Certificates } from "./certificates.ts";
import type { TruthRequest } from "./truth-case.ts";

export type ReceivedAnswer = {
  readonly status: number | undefined;
  /** In their order, names as they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
  /** A WebSocket's first frame came. */
  readonly frame: boolean;
  /** Why there is no answer. */
  readonly error: string | undefined;
  /** Why the answer broke off. */
  readonly cut: string | undefined;
  readonly startedMs: number;
  readonly endedMs: number;
};

export type ClientOptions = { readonly gateway: string; readonly certificates: Certificates };

const defaultFrom = "198.19.9.1";
const defaultTimeoutMs = 75_000;

/** Where a request comes from. */
export function clientAddress(request: TruthRequest): string {
  return request.from ?? defaultFrom;
}

/** The parts of a URL as they are written: nothing is normalised. */
export function splitUrl(url: string): { readonly scheme: string; readonly host: string; readonly path: string } {
  const [, scheme = "", host = "", path = ""] = /^(https?):\/\/([^/?#]*)(.*)$/s.exec(url) ?? [];
  return { scheme, host, path: path === "" ? "/" : path };
}

/** Headers as they are sent, without Host and what frames the body. */
export function sentHeaders({ headers = {} }: TruthRequest): readonly (readonly [string, string])[] {
  return Array.isArray(headers) ? headers : Object.entries(headers as Readonly<Record<string, string>>);
}

export function bodyOf({ body, bodyBytes }: TruthRequest): Buffer {
  return bodyBytes === undefined ? Buffer.from(body ?? "") : Buffer.alloc(bodyBytes, "x");
}

/** A connection that sends one request after the other, and opens itself anew when it was closed. */
export class Client implements Disposable {
  readonly #options: ClientOptions;
  #socket: Socket | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Sends a request and waits for the end of its answer; errors are part of what it gives. */
  async send(request: TruthRequest, extra: readonly (readonly [string, string])[] = []): Promise<ReceivedAnswer> {
    if (request.http === 2) return sendHttp2(request, this.#options);
    const reused = this.#socket !== undefined && !this.#socket.destroyed && !this.#socket.readableEnded;
    const socket = reused && this.#socket ? this.#socket : open(request, this.#options);
    this.#socket = socket;
    const answer = await exchange(socket, request, extra, reused ? "open" : "opening");
    const closing = answer.headers.some(([name, value]) => /^connection$/i.test(name) && /close/i.test(value));
    if (closing || answer.error !== undefined || answer.cut !== undefined || answer.status === 101)
      this[Symbol.dispose]();
    return answer;
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}

function open(request: TruthRequest, { gateway, certificates }: ClientOptions): Socket {
  const { scheme, host } = splitUrl(request.url);
  const localAddress = clientAddress(request);
  if (scheme === "http") return connectTcp({ host: gateway, port: 80, localAddress, noDelay: true });
  const socket = connectTcp({ host: gateway, port: 443, localAddress, noDelay: true });
  socket.on("error", () => {});
  return connectTls({ socket, ...tlsOptions(request, host, certificates) });
}

function tlsOptions(request: TruthRequest, host: string, { clients }: Certificates): ConnectionOptions {
  const name = request.sni ?? host.replace(/:\d+$/, "");
  const certificate = request.cert === undefined ? undefined : clients[request.cert];
  const version = request.tls as SecureVersion | undefined;
  return {
    rejectUnauthorized: false,
    ...(name === false ? {} : { servername: name }),
    ...(certificate ? { cert: certificate.certPem, key: certificate.keyPem } : {}),
    ...(version ? { minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    ALPNProtocols: request.http === 2 ? ["h2"] : ["http/1.1"],
  };
}

/** One HTTP/1.1 exchange on a connection. */
function exchange(
  socket: Socket,
  request: TruthRequest,
  extra: readonly (readonly [string, string])[],
  state: "open" | "opening",
): Promise<ReceivedAnswer> {
  const startedMs = performance.now();
  const reader = new AnswerReader(request.method ?? "GET");
  return new Promise((resolve) => {
    const timer = setTimeout(() => end({ error: "client timeout" }), request.timeout ?? defaultTimeoutMs);
    let slow: NodeJS.Timeout | undefined;
    const end = ({ error, cut }: { readonly error?: string; readonly cut?: string }): void => {
      clearTimeout(timer);
      clearTimeout(slow);
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
      socket.on("error", () => {});
      resolve({ ...reader.answer(), error, cut, startedMs, endedMs: performance.now() });
    };
    const onData = (chunk: Buffer): void => {
      reader.push(chunk);
      if (reader.complete) end({});
    };
    const onEnd = (): void => {
      if (reader.endsWithConnection) end({});
      else if (reader.started) end({ cut: "ECONNRESET" });
      else end({ error: "ECONNRESET" });
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      if (reader.endsWithConnection) end({});
      else if (reader.started) end({ cut: "ECONNRESET" });
      else end({ error: /^ERR_SSL_/.test(error.code ?? "") ? "EPROTO" : (error.code ?? error.message) });
    };
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
    const write = (): void => {
      const { head, body, rest } = render(request, extra);
      socket.write(Buffer.concat([head, body]));
      if (rest.length > 0) slow = setTimeout(() => socket.write(rest), request.slowBody);
    };
    if (state === "open") write();
    else socket.once("secureConnect" in socket ? "secureConnect" : isTls(request) ? "secureConnect" : "connect", write);
  });
}

function isTls({ url }: TruthRequest): boolean {
  return url.startsWith("https:");
}

/** Bytes of a request: `rest` goes out later. */
function render(
  request: TruthRequest,
  extra: readonly (readonly [string, string])[],
): { readonly head: Buffer; readonly body: Buffer; readonly rest: Buffer } {
  const { host, path } = splitUrl(request.url);
  const headers = [...sentHeaders(request), ...extra];
  const named = (name: string): boolean => headers.some(([given]) => given.toLowerCase() === name);
  const content = bodyOf(request);
  const chunked = headers.some(([name, value]) => /^transfer-encoding$/i.test(name) && /chunked/i.test(value));
  const hasBody = request.body !== undefined || request.bodyBytes !== undefined;
  const lines = [`${request.method ?? "GET"} ${path} HTTP/1.1`];
  if (request.host !== false && !named("host")) lines.push(`Host: ${request.host ?? host}`);
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (hasBody && !chunked && !named("content-length")) lines.push(`Content-Length: ${content.length}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  const split = request.slowBody === undefined ? content.length : 1;
  const parts = [content.subarray(0, split), content.subarray(split)];
  if (!chunked) return { head, body: parts[0] as Buffer, rest: parts[1] as Buffer };
  const [first, second] = parts.map((part) =>
    part.length === 0
      ? part
      : Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]),
  ) as [Buffer, Buffer];
  const last = Buffer.from("0\r\n\r\n");
  return second.length === 0
    ? { head, body: Buffer.concat([first, last]), rest: second }
    : { head, body: first, rest: Buffer.concat([second, last]) };
}

/** Reads one HTTP/1.1 answer, whatever frames it. */
class AnswerReader {
  readonly #method: string;
  #bytes = Buffer.alloc(0);
  #head: { readonly status: number; readonly headers: readonly (readonly [string, string])[] } | undefined;
  #bodyAt = 0;
  #body = Buffer.alloc(0);
  complete = false;

  constructor(method: string) {
    this.#method = method;
  }

  get started(): boolean {
    return this.#head !== undefined;
  }

  /** The end of the connection is the end of the answer. */
  get endsWithConnection(): boolean {
    return this.#head !== undefined && (this.#head.status === 101 || this.#framing() === "connection");
  }

  push(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#head === undefined) {
      const at = this.#bytes.indexOf("\r\n\r\n");
      if (at < 0) return;
      const [first = "", ...lines] = this.#bytes.toString("latin1", 0, at).split("\r\n");
      const status = Number(first.split(" ")[1]);
      this.#bytes = this.#bytes.subarray(at + 4);
      if (status >= 100 && status < 200 && status !== 101) continue;
      const headers = lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
      });
      this.#head = { status, headers };
    }
    this.#readBody();
  }

  answer(): Pick<ReceivedAnswer, "status" | "headers" | "body" | "trailers" | "frame"> {
    const head = this.#head;
    const body = this.#framing() === "chunked" ? this.#body : this.#bytes;
    return {
      status: head?.status,
      headers: head?.headers ?? [],
      body: head ? body : Buffer.alloc(0),
      trailers: {},
      frame: head?.status === 101 && this.#bytes.length > 0,
    };
  }

  #framing(): "none" | "chunked" | "connection" | number {
    if (this.#head === undefined) return "connection";
    const { status, headers } = this.#head;
    if (this.#method === "HEAD" || status === 204 || status === 304) return "none";
    if (headers.some(([name, value]) => /^transfer-encoding$/i.test(name) && /chunked/i.test(value))) return "chunked";
    const length = headers.find(([name]) => /^content-length$/i.test(name));
    return length ? Number(length[1]) : "connection";
  }

  #readBody(): void {
    if (this.#head?.status === 101) return;
    const framing = this.#framing();
    if (framing === "none") this.complete = true;
    else if (typeof framing === "number") this.complete = this.#bytes.length >= framing;
    else if (framing === "chunked") this.#readChunks();
  }

  #readChunks(): void {
    for (;;) {
      const lineEnd = this.#bytes.indexOf("\r\n", this.#bodyAt);
      if (lineEnd < 0) return;
      const size = Number.parseInt(this.#bytes.toString("latin1", this.#bodyAt, lineEnd), 16);
      if (size === 0) {
        const end = this.#bytes.indexOf("\r\n\r\n", lineEnd);
        this.complete = end >= 0;
        return;
      }
      const next = lineEnd + 2 + size + 2;
      if (this.#bytes.length < next) return;
      this.#body = Buffer.concat([this.#body, this.#bytes.subarray(lineEnd + 2, next - 2)]);
      this.#bodyAt = next;
    }
  }
}

function sendHttp2(request: TruthRequest, { gateway, certificates }: ClientOptions): Promise<ReceivedAnswer> {
  const startedMs = performance.now();
  const { host, path } = splitUrl(request.url);
  const session = connectHttp2(`https://${host}`, {
    createConnection: () => {
      const socket = connectTcp({ host: gateway, port: 443, localAddress: clientAddress(request) });
      socket.on("error", () => {});
      return connectTls({ socket, ...tlsOptions(request, host, certificates) });
    },
  });
  return new Promise((resolve) => {
    let status: number | undefined;
    let headers: readonly (readonly [string, string])[] = [];
    let trailers: Readonly<Record<string, string>> = {};
    const chunks: Buffer[] = [];
    const end = (error: string | undefined): void => {
      session.destroy();
      const body = Buffer.concat(chunks);
      const endedMs = performance.now();
      resolve({ status, headers, body, trailers, frame: false, error, cut: undefined, startedMs, endedMs });
    };
    session.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    const requestBody = bodyOf(request);
    const fields = {
      ":method": request.method ?? "GET",
      ":path": path,
      ":authority": request.host === undefined || request.host === false ? host : request.host,
      ...Object.fromEntries(sentHeaders(request).map(([name, value]) => [name.toLowerCase(), value])),
      ...(requestBody.length > 0 ? { "content-length": String(requestBody.length) } : {}),
    };
    const stream = session.request(fields, { endStream: requestBody.length === 0 });
    stream.on("response", (fields) => {
      status = fields[":status"];
      headers = Object.entries(fields).flatMap(([name, value]) =>
        name.startsWith(":") ? [] : [value ?? ""].flat().map((one) => [name, String(one)] as const),
      );
    });
    stream.on("trailers", (fields) => {
      trailers = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", (error: NodeJS.ErrnoException) =>
      end(status === undefined ? (error.code ?? error.message) : undefined),
    );
    stream.on("end", () => setImmediate(() => end(undefined)));
    if (requestBody.length > 0) stream.end(requestBody);
  });
}
