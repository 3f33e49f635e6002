import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";

export type RawResponse = {
  readonly status: number;
  /** Lower-case names; several lines joined with `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /** Head as it came, without the empty line. */
  readonly head: string;
  /** Content, chunks taken apart. */
  readonly body: string;
  /** Trailer lines as they came. */
  readonly trailers: string;
};

/** A client of one connection that sends bytes as they are and reads answers one by one, latin1 throughout. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  #buffer = Buffer.alloc(0);
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake?.();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
    socket.on("error", (error) => {
      this.#error = error;
      this.#ended = true;
      this.#wake?.();
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  static async connect(port: number, host = "127.0.0.1"): Promise<RawClient> {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  static async connectTls(port: number, options: ConnectionOptions): Promise<RawClient> {
    const socket = connectTls({ port, host: "127.0.0.1", ...options });
    await once(socket, "secureConnect");
    return new RawClient(socket);
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, "latin1"));
  }

  /** Reads one answer. `method` is that of its request: an answer to HEAD has no body. */
  async response(method = "GET"): Promise<RawResponse> {
    const head = await this.until("\r\n\r\n");
    const lines = head.slice(0, -4).split("\r\n");
    const status = Number(lines[0]!.split(" ")[1]);
    const headers = new Map<string, string>();
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
    }
    const parts = { status, headers, head: head.slice(0, -4) };
    if (method === "HEAD" || status < 200 || status === 204 || status === 304)
      return { ...parts, body: "", trailers: "" };
    if (headers.get("transfer-encoding") === "chunked") return { ...parts, ...(await this.#chunks()) };
    const length = headers.get("content-length");
    if (length !== undefined) return { ...parts, body: await this.bytes(Number(length)), trailers: "" };
    return { ...parts, body: await this.rest(), trailers: "" };
  }

  async #chunks(): Promise<{ readonly body: string; readonly trailers: string }> {
    let body = "";
    for (;;) {
      const size = Number.parseInt(await this.until("\r\n"), 16);
      if (size === 0) break;
      body += await this.bytes(size);
      await this.until("\r\n");
    }
    let trailers = "";
    for (;;) {
      const line = await this.until("\r\n");
      if (line === "\r\n") return { body, trailers };
      trailers += line;
    }
  }

  /** Reads up to and including a text. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#buffer.indexOf(text, 0, "latin1");
      if (at >= 0) return this.#take(at + text.length);
      await this.#more();
    }
  }

  async bytes(count: number): Promise<string> {
    while (this.#buffer.length < count) await this.#more();
    return this.#take(count);
  }

  /** Reads until the other side ends; throws when the connection was reset. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#wait();
    if (this.#error !== undefined) throw this.#error;
    return this.#take(this.#buffer.length);
  }

  /** How the connection ended, and what came before that was not read. */
  async ending(): Promise<{ readonly how: "end" | "reset"; readonly left: string }> {
    while (!this.#ended) await this.#wait();
    return { how: this.#error === undefined ? "end" : "reset", left: this.#take(this.#buffer.length) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }

  #take(count: number): string {
    const text = this.#buffer.latin1Slice(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return text;
  }

  async #more(): Promise<void> {
    if (this.#ended) {
      throw new Error(
        `connection ended early (${this.#error?.message ?? "end"}); unread: ${this.#buffer.latin1Slice(0, 200)}`,
      );
    }
    await this.#wait();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

/** One request on a connection of its own. */
export async function exchange(port: number, request: string, method = "GET"): Promise<RawResponse> {
  await using client = await RawClient.connect(port);
  client.send(request);
  return await client.response(method);
}

/** A GET with a Host and further header lines. */
export function get(path: string, lines = "", host = "app.example.test"): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`;
}

/** Resolves when nothing listens there any more: a listener closes when the kernel holds no connection for it. */
export async function refused(port: number): Promise<void> {
  for (;;) {
    try {
      await (await RawClient.connect(port))[Symbol.asyncDispose]();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return;
      throw error;
    }
    // Whoever connects all the time keeps the listener from closing.
    await new Promise((later) => setTimeout(later, 5));
  }
}
