import { createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { stopListening } from "../../base/stop-listening.ts";
import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import { canonicalServerName } from "../../wire/client-hello.ts";
import { admitsClient } from "../certificate-identity.ts";
import { readClientCertificate } from "../client-certificate.ts";
import { makePeer } from "../forwarding.ts";
import type { PlaneContext } from "../plane-context.ts";
import type { PortModel } from "../port-model.ts";
import type { Refusal } from "../refusal.ts";
import type { RouteRuntime } from "../route-runtime.ts";
import type { HttpListenerTable } from "../route-table.ts";
import { StreamFront } from "../stream/stream-front.ts";
import { PendingConnections } from "../transport/client-address.ts";
import { Handshaker } from "../transport/handshaker.ts";
import { peekServerName } from "../transport/peek-server-name.ts";
import type { PortTls } from "../transport/port-tls.ts";
import { SocketTransport } from "../transport/socket-transport.ts";
import { ConnectionAges } from "./connection-ages.ts";
import type { ConnectionOwner, ConnectionSecurity, DownstreamConnection } from "./downstream-connection.ts";
import { Http1Connection } from "./http1-connection.ts";
import { Http2Connection } from "./http2-connection.ts";

const backlog = 1_024;
/** What a socket queues before it calls itself congested. */
const writeQueueBytes = 16 * 1024;
/** Idle connections of a draining listener get this long for a last request, so that none is lost under way. */
const drainIdleMs = 1_000;
/** Clients that connect all the time keep a draining listener from closing its socket for no longer than this. */
const takeInMs = 1_000;

export type ListenAddress = {
  readonly address: string;
  /** 0: any. */
  readonly port: number;
};

/** How a listener ends. Neither rejects. */
export type Drain = {
  /** The listening socket is closed: another may take its address. */
  readonly stopped: Promise<void>;
  /** All connections are gone, which is at the deadline at the latest. */
  readonly drained: Promise<void>;
};

/** One listening socket: lives as long as some listener of the model is on it, whatever else changes. */
export class PortListener implements ConnectionOwner {
  #draining = false;
  /** The drain is over: nobody waits for connections any more. */
  #drained = false;
  /** What an idle connection gets for a last request, while draining. */
  #drainIdleMs = drainIdleMs;
  #model: PortModel;
  /** The last one with HTTP listeners: open HTTP connections end by it when the port becomes one for streams. */
  #httpModel: PortModel;
  readonly #server: Server;
  #handshaker: Handshaker | undefined;
  /** By key, on ports whose settings depend on the server name. */
  readonly #named = new Map<string, Handshaker>();
  readonly #serverNames = new PendingConnections<string>();
  readonly #front: StreamFront;
  readonly #connections = new Set<DownstreamConnection>();
  readonly #ages: ConnectionAges;

  private constructor(model: PortModel) {
    this.#model = model;
    this.#httpModel = model;
    this.#ages = new ConnectionAges(model.context.deadlines);
    this.#front = new StreamFront({
      model: () => this.#model,
      serveHttp: (socket) => this.#serveHttp(socket),
    });
    if (model.tls !== undefined) this.#handshaker = this.#makeHandshaker(model.tls);
    const options = {
      noDelay: true,
      allowHalfOpen: true,
      highWaterMark: writeQueueBytes,
    };
    this.#server = createServer(options, (socket) => {
      const { idleMs, intervalMs, probes } = this.context.keepalive;
      socket.setKeepAlive({ enable: true, initialDelay: idleMs, interval: intervalMs, count: probes });
      if (!this.context.descriptors.admits(socket)) this.#turnAway(socket);
      else if (this.#model.streams === undefined && this.context.proxyProtocolFrom.length === 0)
        this.#serveHttp(socket);
      else this.#front.accept(socket);
    });
    this.#server.maxConnections = model.context.limits.connectionsPerPort;
  }

  /** Binds; an `Error` (never thrown) when that fails. */
  static open(at: ListenAddress, model: PortModel): Promise<PortListener | Error> {
    const listener = new PortListener(model);
    const server = listener.#server;
    return new Promise((resolve) => {
      server.once("error", resolve);
      server.listen({ host: at.address, port: at.port, backlog }, () => {
        server.off("error", resolve);
        // Later errors are those of single accepts (for example, too many open files): the listener stays.
        server.on("error", () => {});
        resolve(listener);
      });
    });
  }

  /** Also when the port serves streams by now: what is open was for HTTP. */
  get draining(): boolean {
    return this.#draining || !this.#model.servesHttp;
  }

  get model(): PortModel {
    return this.#httpModel;
  }

  get context(): PlaneContext {
    return this.#model.context;
  }

  /** The bound port. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get queuedBytes(): number {
    let bytes = this.#front.queuedBytes;
    for (const connection of this.#connections) bytes += connection.queuedBytes;
    return bytes;
  }

  /** Requests that begin from now on are served by `model`. */
  swap(model: PortModel): void {
    this.#model = model;
    this.#server.maxConnections = this.context.limits.connectionsPerPort;
    if (model.servesHttp) this.#httpModel = model;
    else for (const connection of this.#connections) connection.drain(drainIdleMs);
    this.#named.clear();
    if (model.tls === undefined) this.#handshaker = undefined;
    else if (
      this.#handshaker?.settings.key !== model.tls.key ||
      this.#handshaker.handshakeTimeoutMs !== this.context.limits.handshakeTimeoutMs
    ) {
      this.#handshaker = this.#makeHandshaker(model.tls);
    }
  }

  tlsListener(security: ConnectionSecurity, model: PortModel): HttpListenerTable<RouteRuntime> | undefined {
    const target = model.table.forSni(security.serverName ?? "");
    if (target?.kind !== "http") return undefined;
    return admitsClient(target.listeners[0]!.listener.tls?.clientValidation, security) ? target : undefined;
  }

  onConnectionClosed(connection: DownstreamConnection): void {
    this.#ages.delete(connection);
    if (this.#connections.delete(connection)) this.#model.activeConnections.add(-1);
  }

  onConnectionReplaced(connection: DownstreamConnection, next: DownstreamConnection): void {
    this.#connections.delete(connection);
    this.#connections.add(next);
    this.#ages.replace(connection, next);
  }

  onRefused(flag: ResponseFlag, refusal: Refusal | undefined): void {
    this.#model.onRefused(flag, refusal);
  }

  onBug(error: unknown): void {
    this.context.onBug(error);
  }

  /**
   * Ends the listener. Connections that the kernel has accepted by now are taken in and served like those that are open: each to
   * the end of what it does, for `deadlineMs` at most.
   */
  drain(deadlineMs: number): Drain {
    this.#draining = true;
    this.#drainIdleMs = Math.min(drainIdleMs, deadlineMs / 4);
    for (const connection of this.#connections) connection.drain(this.#drainIdleMs);
    // Also of connections that are in their TLS handshake, which are no one's yet.
    const closed = new Promise<void>((resolve) => this.#server.once("close", resolve));
    const stopped = stopListening(this.#server, Math.min(takeInMs, deadlineMs / 4));
    const { promise: deadline, resolve: onDeadline } = Promise.withResolvers<void>();
    const goodbye = setTimeout(() => {
      for (const connection of this.#connections) connection.goAway();
    }, deadlineMs - this.#drainIdleMs);
    const end = setTimeout(() => {
      this.#drained = true;
      for (const connection of this.#connections) connection.destroy();
      this.#front.end();
      onDeadline();
    }, deadlineMs);
    const drained = Promise.race([closed, deadline]).then(() => {
      clearTimeout(goodbye);
      clearTimeout(end);
    });
    return { stopped, drained };
  }

  /** There is no room for the client. The connection that is open for longest makes some, after what it is doing. */
  #turnAway(socket: Socket): void {
    this.#model.countRejected("descriptors");
    socket.on("error", () => {});
    socket.destroy();
    for (const oldest of this.#connections) {
      this.#connections.delete(oldest);
      this.#connections.add(oldest);
      oldest.drain(0);
      break;
    }
  }

  #serveHttp(socket: Socket): void {
    if (this.#handshaker === undefined) {
      this.#accept(socket, new SocketTransport(socket, "reference"), undefined);
    } else if (this.#handshaker.settings.serverName === "during") this.#handshaker.accept(socket);
    else this.#readServerName(socket);
  }

  /** For ports on which settings depend on the name: reads the client's hello ahead of the handshake. */
  #readServerName(socket: Socket): void {
    peekServerName(socket, this.context, {
      onDone: (serverName) => {
        this.#serverNames.set(socket, serverName);
        this.#handshakerFor(serverName)?.accept(socket);
      },
      onFailed: (failure) => {
        if (failure !== "gone") this.#model.countHandshake("failed");
        socket.on("error", () => {});
        socket.destroy();
      },
    });
  }

  /** That of a name, or the port's, which refuses names that no listener is for. */
  #handshakerFor(serverName: string): Handshaker | undefined {
    const settings = this.#model.tls?.settingsFor(serverName);
    if (settings === undefined || settings === this.#model.tls) return this.#handshaker;
    let handshaker = this.#named.get(settings.key);
    if (handshaker === undefined) {
      handshaker = this.#makeHandshaker(settings);
      this.#named.set(settings.key, handshaker);
    }
    return handshaker;
  }

  #makeHandshaker(settings: PortTls): Handshaker {
    return new Handshaker(settings, {
      handshakeTimeoutMs: this.context.limits.handshakeTimeoutMs,
      contextFor: (serverName) => this.#model.tls?.contextFor(serverName),
      stapleFor: (certificate) => this.#model.tls?.stapleFor(certificate),
      ticketKeys: this.context.ticketKeys,
      onSecure: (socket) => this.#acceptTls(socket, settings),
      onFailed: (result) => this.#model.countHandshake(result),
    });
  }

  /** `settings` are those that the handshake was made with: a swap may have come since. */
  #acceptTls(socket: TLSSocket, settings: PortTls): void {
    const serverName = this.#serverNames.get(socket) ?? serverNameOf(socket);
    const clientCertificate =
      settings.clientAuthorities === ""
        ? undefined
        : readClientCertificate(socket, this.context.forwardClientCertificate);
    const now = this.#model.tls?.settingsFor(serverName ?? "") ?? this.#model.tls;
    const sameAuthorities = settings.clientAuthorities === now?.clientAuthorities;
    const authorized = sameAuthorities && clientCertificate?.state === "verified";
    const security: ConnectionSecurity = { serverName, authorized, clientCertificate };
    if (!this.#admits(security)) {
      this.#model.countHandshake("refused");
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.#model.countHandshake("ok");
    this.#accept(socket, new SocketTransport(socket, "copy"), security);
  }

  #admits(security: ConnectionSecurity): boolean {
    const { tls } = this.#model;
    if (security.serverName !== undefined) return this.tlsListener(security, this.#model) !== undefined;
    return tls?.serverName === "during" && (security.authorized || !tls.demandsCertificate);
  }

  #accept(socket: Socket, transport: SocketTransport, security: ConnectionSecurity | undefined): void {
    const client = this.#front.clientOf(socket);
    const address = client?.sourceAddress ?? socket.remoteAddress;
    if (address === undefined || this.#drained || !this.#model.servesHttp) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    const scheme = security === undefined ? "http" : "https";
    const port = this.context.publicPort(this.#model.port);
    const peer = makePeer(address, {
      scheme,
      port,
      localAddress: client?.destinationAddress ?? socket.localAddress ?? "",
      localPort: client?.destinationPort ?? socket.localPort ?? 0,
      remotePort: client?.sourcePort ?? socket.remotePort ?? 0,
      serverName: security?.serverName ?? "",
      clientCertificate: security?.clientCertificate,
    });
    const isHttp2 = security !== undefined && (socket as TLSSocket).alpnProtocol === "h2";
    const connection = new (isHttp2 ? Http2Connection : Http1Connection)(this, transport, peer, security);
    this.#connections.add(connection);
    this.#ages.add(connection, this.context.limits.connectionAgeMs);
    this.#model.activeConnections.add(1);
    this.#model.acceptedConnections.add(1);
    transport.attach(connection, "data");
    if (this.#draining) connection.drain(this.#drainIdleMs);
  }
}

function serverNameOf(socket: TLSSocket): string | undefined {
  if (typeof socket.servername === "string") return canonicalServerName(socket.servername);
  return socket.isSessionReused() && socket.getProtocol() === "TLSv1.2" ? undefined : "";
}
