import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { certificateUris, controllerUri } from "./identity.ts";
import { LineReader } from "./line-reader.ts";
import {
  type ControllerMessage,
  maxControllerLineBytes,
  type ProxyMessage,
  parseControllerMessage,
  renderLine,
  streamPath,
} from "./protocol.ts";
import type { StreamCertificate } from "./stream-authority.ts";
import type { StreamTiming } from "./stream-timing.ts";

export type ControllerAddress = { readonly host: string; readonly port: number };

/** Why a connection ended, in words, and where the controller is that leads, when this one has said so. */
export type ConnectionEnd = { readonly reason: string; readonly leader: ControllerAddress | undefined };

export type ControllerConnectionOptions = {
  readonly address: ControllerAddress;
  readonly certificate: StreamCertificate;
  readonly timing: StreamTiming;
  /** What it throws ends the connection. */
  readonly onMessage: (message: ControllerMessage) => void;
};

/** Receive window: a state of some megabytes should not take a round trip for every 64 KiB. Bytes. */
const windowBytes = 4 * 1024 * 1024;

const refusals: Readonly<Record<number, string>> = {
  403: "the controller does not accept this proxy's certificate",
  404: "the controller speaks another version of the protocol",
  503: "this controller does not lead",
};

/** One connection of a proxy to a controller, from its beginning to its end. */
export class ControllerConnection {
  /** Never rejects. */
  readonly ended: Promise<ConnectionEnd>;
  readonly #options: ControllerConnectionOptions;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #timer: NodeJS.Timeout;
  readonly #end = Promise.withResolvers<ConnectionEnd>();
  #heardMs = performance.now();

  constructor(options: ControllerConnectionOptions) {
    this.#options = options;
    this.ended = this.#end.promise;
    const { certificate, timing } = options;
    this.#session = connect(`https://${renderAddress(options.address)}`, {
      cert: certificate["tls.crt"],
      key: certificate["tls.key"],
      ca: certificate["ca.crt"],
      minVersion: "TLSv1.3",
      settings: { initialWindowSize: windowBytes, enablePush: false },
      // Controllers are known by what they are, not by the address that leads to them.
      checkServerIdentity: (_host, peer) =>
        certificateUris(peer.subjectaltname).includes(controllerUri) ? undefined : new Error("it is not a controller"),
    });
    this.#session.on("connect", () => this.#session.setLocalWindowSize(windowBytes));
    this.#session.on("error", (error) => this.close(reasonOf(error)));
    this.#session.on("close", () => this.close("the controller closed the connection"));
    this.#stream = this.#session.request({ ":method": "POST", ":path": streamPath }, { endStream: false });
    this.#listen();
    this.#timer = setInterval(() => this.#checkAlive(), timing.pingMs);
  }

  /** Sends a message; it is lost when the connection has ended. */
  send(message: ProxyMessage): void {
    if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.write(renderLine(message));
  }

  /** Ends it for this reason, unless it has ended for another. */
  close(reason: string, leader?: ControllerAddress): void {
    clearInterval(this.#timer);
    this.#end.resolve({ reason, leader });
    this.#session.destroy();
  }

  #listen(): void {
    const lines = new LineReader(maxControllerLineBytes, (line) =>
      this.#options.onMessage(parseControllerMessage(line)),
    );
    // A connection that failed cancels its streams; it is its own reason that says something.
    this.#stream.on("error", (error) => this.close(reasonOf(error.cause ?? error)));
    this.#stream.on("close", () => this.close("the controller ended the stream"));
    this.#stream.on("response", ({ ":status": status = 0, location }) => {
      if (status === 307) this.close("another controller leads", addressOf(location));
      else if (status !== 200) this.close(refusals[status] ?? `the controller answered ${status}`);
    });
    this.#stream.on("data", (chunk: Buffer) => {
      this.#heardMs = performance.now();
      try {
        lines.push(chunk);
      } catch (error) {
        this.close(reasonOf(error));
      }
    });
  }

  #checkAlive(): void {
    const { silenceMs } = this.#options.timing;
    if (performance.now() - this.#heardMs > silenceMs) this.close(`nothing was received for ${silenceMs} ms`);
    else this.send({ kind: "ping" });
  }
}

function addressOf(location: string | undefined): ControllerAddress | undefined {
  const url = URL.parse(location ?? "");
  if (url === null || url.protocol !== "https:") return undefined;
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 443) };
}

/** `host:port` as URLs write it. */
export function renderAddress({ host, port }: ControllerAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
