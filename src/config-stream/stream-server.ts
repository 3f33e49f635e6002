import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { Logger } from "../telemetry/log.ts";
import { certificateUris, dataPlaneKey, parseDataPlaneUri } from "./identity.ts";
import { type PlaneState, streamPath } from "./protocol.ts";
import { type ConnectedProxy, ProxyConnection } from "./proxy-connection.ts";
import { PublishedState } from "./published-state.ts";
import type { StreamCertificate } from "./stream-authority.ts";
import { defaultTiming, type StreamTiming } from "./stream-timing.ts";

export type StreamServerOptions = {
  readonly certificate: StreamCertificate;
  readonly log: Logger;
  /** `host:port` of the controller that leads instead of this one, when it is known. Default: it never is. */
  readonly leaderAddress?: () => string | undefined;
  readonly timing?: StreamTiming;
  /** Connections of one data plane; more are cut. Default 2,000: twice the pods that it may have, for a rollout. */
  readonly connectionsPerDataPlane?: number;
};

const limits = {
  connections: 10_000,
  /** Whoever can read Secrets in a data plane's namespace has its certificate, and should not be in everybody's way. */
  connectionsPerDataPlane: 2_000,
  handshakeMs: 10_000,
  streamsPerConnection: 1,
  /** A connection on which nothing moves: an open stream has its signs of life. */
  idleMs: 15_000,
};

/**
 * The controller's end of the configuration stream: HTTP/2 with mutual TLS. Each proxy is given the state of the data plane
 * that its certificate names and nothing else. Only a server that has been told to serve does; others send to the one that
 * does (307), or answer 503 while none is known.
 */
export class StreamServer implements AsyncDisposable {
  readonly #options: StreamServerOptions;
  readonly #server: Http2SecureServer;
  readonly #sessions = new Map<Http2Session, DataPlaneKey | undefined>();
  readonly #connections = new Set<ProxyConnection>();
  readonly #states = new Map<DataPlaneKey, PublishedState>();
  readonly #listeners = new Set<() => void>();
  readonly #maxPerDataPlane: number;
  #telling: NodeJS.Immediate | undefined;
  #isServing = false;

  constructor(options: StreamServerOptions) {
    this.#options = options;
    this.#maxPerDataPlane = options.connectionsPerDataPlane ?? limits.connectionsPerDataPlane;
    this.#server = createSecureServer({
      ...tlsOptions(options.certificate),
      minVersion: "TLSv1.3",
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: limits.handshakeMs,
      maxSessionMemory: 64,
      settings: { maxConcurrentStreams: limits.streamsPerConnection, enablePush: false },
    });
    this.#server.maxConnections = limits.connections;
    this.#server.on("session", (session) => this.#onSession(session));
    this.#server.on("stream", (stream, headers) => this.#onStream(stream as ServerHttp2Stream, headers));
    // Handshakes that fail, such as those without a certificate, cost nobody else anything.
    this.#server.on("tlsClientError", (error) => {
      options.log.debug("A connection to the configuration stream was refused.", { reason: error.message });
    });
    this.#server.on("sessionError", () => {});
    this.#server.on("error", (error) => {
      // Of `listen`, which tells it itself; later: the system has no room for a further connection.
      if (this.#server.listening) options.log.warn("A connection to the configuration stream failed.", { error });
    });
  }

  /** Begins to listen; port 0 is any that is free. Rejects with the system's error. */
  async listen(address: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }> {
    this.#server.listen(address.port, address.host);
    await once(this.#server, "listening");
    const bound = this.#server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  /** For handshakes from now on; streams that are open stay. */
  replaceCertificate(certificate: StreamCertificate): void {
    this.#server.setSecureContext({ ...tlsOptions(certificate), minVersion: "TLSv1.3" });
  }

  /** Lets proxies in: this controller leads. */
  startServing(): void {
    this.#isServing = true;
  }

  /** Ends all streams and answers 503 from now on: another controller leads. */
  stopServing(): void {
    this.#isServing = false;
    for (const connection of this.#connections) connection.close();
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Makes this the state of a data plane, and tells its proxies. `state` must never change afterwards. */
  publish(dataPlane: DataPlaneKey, state: PlaneState): void {
    const before = this.#states.get(dataPlane);
    const next = before?.next(state) ?? PublishedState.first(state);
    if (next === before) return;
    this.#states.set(dataPlane, next);
    for (const connection of this.#connections) if (connection.dataPlane === dataPlane) connection.offer(next);
  }

  /** Forgets the states of all other data planes. Their proxies go on serving what they have. */
  retain(dataPlanes: ReadonlySet<DataPlaneKey>): void {
    for (const key of this.#states.keys()) if (!dataPlanes.has(key)) this.#states.delete(key);
  }

  /** Digest of the state that the proxies of a data plane should hold. */
  hashOf(dataPlane: DataPlaneKey): string | undefined {
    return this.#states.get(dataPlane)?.hash;
  }

  /** The proxies that are connected now. */
  proxies(): readonly ConnectedProxy[] {
    return [...this.#connections].flatMap(({ peer }) => peer ?? []);
  }

  /** Calls `listener` soon after a proxy came, reported or went. Returns what takes it off again. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends all streams and stops listening. */
  async close(): Promise<void> {
    this.stopServing();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const session of this.#sessions.keys()) session.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onSession(session: Http2Session): void {
    const dataPlane = dataPlaneOf(peerOf(session));
    this.#sessions.set(session, dataPlane);
    session.on("close", () => this.#sessions.delete(session));
    session.on("error", () => {});
    session.setTimeout(limits.idleMs, () => session.destroy());
    const count = this.#sessions.values().reduce((sum, other) => sum + (other === dataPlane ? 1 : 0), 0);
    if (count <= this.#maxPerDataPlane) return;
    this.#options.log.warn("A data plane has too many connections to the configuration stream; one was closed.", {
      dataPlane,
    });
    session.destroy();
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", () => {});
    // What came in together with its own end.
    if (stream.destroyed || stream.session === undefined || stream.session.destroyed) return;
    const peer = peerOf(stream.session);
    const dataPlane = dataPlaneOf(peer);
    if (headers[":path"] !== streamPath) refuse(stream, 404);
    else if (headers[":method"] !== "POST") refuse(stream, 405);
    else if (peer === undefined || dataPlane === undefined) refuse(stream, 403);
    else if (!this.#isServing) this.#sendOn(stream);
    else this.#accept(stream, dataPlane, peer.validToDate.getTime());
  }

  #sendOn(stream: ServerHttp2Stream): void {
    const leader = this.#options.leaderAddress?.();
    if (leader === undefined) refuse(stream, 503);
    else stream.respond({ ":status": 307, location: `https://${leader}${streamPath}` }, { endStream: true });
  }

  #accept(stream: ServerHttp2Stream, dataPlane: DataPlaneKey, expiresMs: number): void {
    const { log, timing = defaultTiming } = this.#options;
    const connection = new ProxyConnection({
      stream,
      dataPlane,
      expiresMs,
      timing,
      log,
      onHello: () => {
        this.#endPredecessors(connection);
        this.#tell();
      },
      onReport: () => this.#tell(),
      onClose: () => {
        this.#connections.delete(connection);
        stream.session?.close();
        this.#tell();
      },
    });
    this.#connections.add(connection);
    const state = this.#states.get(dataPlane);
    if (state !== undefined) connection.offer(state);
  }

  /** A proxy that comes back before its old connection was missed is one proxy. */
  #endPredecessors(connection: ProxyConnection): void {
    for (const other of this.#connections) {
      if (other === connection || other.dataPlane !== connection.dataPlane) continue;
      if (other.peer !== undefined && other.peer.proxy === connection.peer?.proxy) {
        this.#connections.delete(other);
        other.close();
      }
    }
  }

  /** Once for all that arrived together: after a restart of the controller, every proxy reports within moments. */
  #tell(): void {
    this.#telling ??= setImmediate(() => {
      this.#telling = undefined;
      for (const listener of this.#listeners) listener();
    });
  }
}

function peerOf(session: Http2Session): X509Certificate | undefined {
  return (session.socket as TLSSocket).getPeerX509Certificate();
}

/** The one data plane that a certificate names; `undefined` when it names none, or several. */
function dataPlaneOf(certificate: X509Certificate | undefined): DataPlaneKey | undefined {
  const [identity, ...more] = certificateUris(certificate?.subjectAltName).flatMap(
    (uri) => parseDataPlaneUri(uri) ?? [],
  );
  return identity === undefined || more.length > 0 ? undefined : dataPlaneKey(identity);
}

function tlsOptions(certificate: StreamCertificate): { cert: string; key: string; ca: string } {
  return { cert: certificate["tls.crt"], key: certificate["tls.key"], ca: certificate["ca.crt"] };
}

/** The peer closes the connection then; if it does not, the idle limit does. (A reset here would overtake the answer.) */
function refuse(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ":status": status }, { endStream: true });
}
