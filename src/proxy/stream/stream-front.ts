import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { cidrContains } from "../../base/cidr.ts";
import type { BoundListener } from "../../ir/select.ts";
import type { TcpSeries } from "../../telemetry/telemetry.ts";
import { beginsProxyHeader, proxyHeaderLimitBytes, readProxyHeader } from "../../wire/proxy-protocol.ts";
import { listenerLabels } from "../listener-labels.ts";
import type { PortModel } from "../port-model.ts";
import { type ClientAddresses, clientAddresses, PendingConnections } from "../transport/client-address.ts";
import { Handshaker } from "../transport/handshaker.ts";
import { OpenSet } from "../transport/open-set.ts";
import { Peek, type PeekFailure } from "../transport/peek.ts";
import { peekServerName } from "../transport/peek-server-name.ts";
import { SocketTransport, type WriteOwnership } from "../transport/socket-transport.ts";
import type { TlsStreams } from "./port-streams.ts";
import { StreamConnection } from "./stream-connection.ts";
import type { StreamRoute } from "./stream-route.ts";

/** What the front needs of the listening socket that it stands at. */
export interface FrontOwner {
  /** In force now. */
  model(): PortModel;
  /** Takes over a socket that is for HTTP or HTTPS; its unread bytes are in it. */
  serveHttp(socket: Socket): void;
}

/** A stream whose TLS handshake is under way. */
type Pending = {
  readonly client: ClientAddresses;
  readonly route: StreamRoute<TcpSeries>;
  readonly serverName: string;
};

/**
 * Stands at a listening socket and decides what a connection is for: reads the PROXY header that trusted proxies owe, and
 * on ports with TLS listeners the server name, then hands the connection to HTTP or to a stream.
 */
export class StreamFront {
  readonly #owner: FrontOwner;
  readonly #open = new OpenSet();
  /** Clients that a PROXY header told of. */
  readonly #clients = new PendingConnections<ClientAddresses>();
  readonly #pending = new PendingConnections<Pending>();
  #handshaker: Handshaker | undefined;
  #ended = false;

  constructor(owner: FrontOwner) {
    this.#owner = owner;
  }

  accept(socket: Socket): void {
    const { proxyProtocolFrom } = this.#owner.model().context;
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) socket.destroy();
    else if (proxyProtocolFrom.some((network) => cidrContains(network, remoteAddress))) this.#readProxyHeader(socket);
    else this.#route(socket, clientAddresses(socket)!);
  }

  /** The client behind a trusted proxy; `undefined` for connections without a PROXY header. */
  clientOf(socket: Socket): ClientAddresses | undefined {
    return this.#clients.get(socket);
  }

  get queuedBytes(): number {
    return this.#open.queuedBytes;
  }

  /** Resets what is open; nothing begins any more. */
  end(): void {
    this.#ended = true;
    this.#open.destroyAll();
  }

  #readProxyHeader(socket: Socket): void {
    const { limits, deadlines, proxyProtocol } = this.#owner.model().context;
    const peek: Peek<ClientAddresses | undefined> = new Peek(socket, {
      read(bytes) {
        const result = readProxyHeader(bytes);
        if (result.kind === "invalid" && proxyProtocol === "optional" && !beginsProxyHeader(bytes))
          return { kind: "done", value: undefined, consumed: 0 };
        return result.kind === "header" ? { kind: "done", value: result.addresses, consumed: result.length } : result;
      },
      limitBytes: proxyHeaderLimitBytes,
      timeoutMs: limits.proxyHeaderTimeoutMs,
      deadlines,
      onDone: (addresses) => {
        const client = addresses ?? clientAddresses(socket);
        if (client === undefined) drop(socket);
        else {
          this.#clients.set(socket, client);
          this.#route(socket, client);
        }
        this.#open.delete(peek);
      },
      onFailed: (failure) => {
        this.#open.delete(peek);
        if (failure !== "gone") this.#reject(failure === "timeout" ? "timeout" : "proxyHeader");
        drop(socket);
      },
    });
    this.#open.add(peek);
  }

  #route(socket: Socket, client: ClientAddresses): void {
    const { streams } = this.#owner.model();
    if (streams === undefined) this.#serveHttp(socket);
    else if (streams.kind === "tls") this.#readHello(socket, client);
    else if (streams.route === undefined) {
      this.#reject("noRoute", streams.bound);
      drop(socket);
    } else this.#serve(socket, "reference", { client, route: streams.route, serverName: "" });
  }

  #serveHttp(socket: Socket): void {
    const clear = this.#owner.model().tls === undefined;
    this.#owner.serveHttp(socket);
    // Reading a header first has paused it. Under TLS, the TLS socket reads.
    if (clear) socket.resume();
  }

  #readHello(socket: Socket, client: ClientAddresses): void {
    const peek = peekServerName(socket, this.#owner.model().context, {
      onDone: (serverName) => {
        this.#onHello(socket, client, serverName);
        this.#open.delete(peek);
      },
      onFailed: (failure) => {
        this.#open.delete(peek);
        this.#onNoHello(socket, failure);
      },
    });
    this.#open.add(peek);
  }

  #onNoHello(socket: Socket, failure: PeekFailure): void {
    if (failure !== "gone") this.#reject(failure === "timeout" ? "timeout" : "clientHello");
    drop(socket);
  }

  #onHello(socket: Socket, client: ClientAddresses, serverName: string): void {
    const model = this.#owner.model();
    // A swap may have changed the port's kind while the hello was on its way.
    const streams = model.streams?.kind === "tls" ? model.streams : undefined;
    const found = model.table.forSni(serverName);
    if (found?.kind === "http") {
      this.#owner.serveHttp(socket);
      return;
    }
    const target = found && streams?.target(found.bound.listener.hostname, serverName);
    if (target?.route === undefined || streams === undefined) {
      this.#reject("serverName", target?.bound);
      drop(socket);
    } else if (target.route.passesTls) {
      this.#serve(socket, "reference", { client, route: target.route, serverName });
    } else {
      this.#pending.set(socket, { client, route: target.route, serverName });
      this.#handshakerFor(streams).accept(socket);
    }
  }

  #handshakerFor(streams: TlsStreams): Handshaker {
    const settings = streams.tls!;
    const previous = this.#handshaker;
    const { handshakeTimeoutMs } = this.#owner.model().context.limits;
    if (previous?.settings.key === settings.key && previous.handshakeTimeoutMs === handshakeTimeoutMs) return previous;
    this.#handshaker = new Handshaker(settings, {
      handshakeTimeoutMs,
      // What is inside is not ours to know: neither is its protocol.
      alpnProtocols: [],
      contextFor: (serverName) => {
        const { streams: now } = this.#owner.model();
        return now?.kind === "tls" ? now.tls?.contextFor(serverName) : undefined;
      },
      stapleFor: (certificate) => {
        const { streams: now } = this.#owner.model();
        return now?.kind === "tls" ? now.tls?.stapleFor(certificate) : undefined;
      },
      ticketKeys: this.#owner.model().context.ticketKeys,
      onSecure: (secure) => this.#onSecure(secure),
      onFailed: (result) => this.#owner.model().countHandshake(result),
    });
    return this.#handshaker;
  }

  #onSecure(secure: TLSSocket): void {
    const pending = this.#pending.get(secure);
    if (pending === undefined || this.#ended) {
      drop(secure);
      return;
    }
    this.#owner.model().countHandshake("ok");
    this.#serve(secure, "copy", pending);
  }

  #serve(socket: Socket, ownership: WriteOwnership, pending: Pending): void {
    const downstream = new SocketTransport(socket, ownership);
    new StreamConnection({ downstream, ...pending, open: this.#open }, this.#owner.model().context);
  }

  #reject(reason: string, bound: BoundListener = this.#owner.model().first): void {
    const labels = listenerLabels(bound);
    this.#owner
      .model()
      .context.telemetry.counter(
        "gateway_rejected_connections_total",
        labels.gateway_name,
        labels.gateway_namespace,
        labels.listener,
        reason,
      )
      .add(1);
  }
}

/**
 * Closes without a word: a TLS alert would speak for a server that is not there. TLSRoute has such connections rejected, and
 * conformance knows that by the end of the TCP connection. What the system still reports of the socket is of no interest.
 */
function drop(socket: Socket): void {
  socket.on("error", () => {});
  socket.destroy();
}
