import { createSocket } from "node:dgram";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import type { Cluster, EndpointsKey } from "../ir/cluster.ts";
import type { Endpoint, EndpointTable } from "../ir/endpoint-table.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import { echoHttp, type StubIdentity } from "./echo-handler.ts";
import { echoHttp2 } from "./echo-http2.ts";
import { echoWebSocket } from "./websocket-echo.ts";

type Stub = { readonly endpoint: Endpoint; readonly close: () => Promise<void> };

/** No method of HTTP/1.1 begins like this. RFC 9113 §3.4. */
const http2Preface = "PRI * HTTP/2.0";

/** More stand-ins than this are not opened: each costs a listening socket. The rest answer 503, as without stand-ins. */
export const stubLimit = 2000;

/**
 * Stands in for every Service port that the model names and that has no endpoints: a port on 127.0.0.1 each, kept from
 * one reload to the next, all answered by one HTTP server, of HTTP/2 with prior knowledge too. Streams are echoed byte for byte, datagrams one by one.
 */
export class StubBackends {
  readonly #stubs = new Map<EndpointsKey, Promise<Stub | undefined>>();
  readonly #identities = new WeakMap<Socket, StubIdentity>();
  readonly #sockets = new Set<Socket>();
  readonly #http: HttpServer;

  constructor() {
    this.#http = createHttpServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      echoHttp(this.#identityOf(request.socket), request, response);
    });
    this.#http.on("upgrade", (request, socket, early) => echoWebSocket(request, socket, early));
  }

  /** The table with stand-ins where it has no endpoints. A stand-in that cannot be opened leaves its row empty. */
  async fill(routing: RoutingModel, endpoints: EndpointTable): Promise<EndpointTable> {
    const wanted = new Map<EndpointsKey, Cluster>();
    for (const cluster of Object.values(routing.clusters)) {
      const isEmpty = (endpoints[cluster.endpoints]?.length ?? 0) === 0;
      if (isEmpty && !wanted.has(cluster.endpoints)) wanted.set(cluster.endpoints, cluster);
    }
    const filled: Record<EndpointsKey, readonly Endpoint[]> = { ...endpoints };
    const opened = await Promise.all(
      [...wanted].map(async ([key, cluster]) => ({ key, stub: await this.#stubFor(key, cluster) })),
    );
    for (const { key, stub } of opened) if (stub) filled[key] = [stub.endpoint];
    return filled;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stubs = await Promise.all(this.#stubs.values());
    const closed = stubs.map((stub) => stub?.close());
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
    this.#stubs.clear();
  }

  #identityOf(socket: Socket): StubIdentity {
    return this.#identities.get(socket) ?? { namespace: "", service: "", port: 0 };
  }

  #stubFor(key: EndpointsKey, cluster: Cluster): Promise<Stub | undefined> {
    const known = this.#stubs.get(key);
    if (known) return known;
    if (this.#stubs.size >= stubLimit) return Promise.resolve(undefined);
    const stub = this.#open(cluster);
    this.#stubs.set(key, stub);
    return stub;
  }

  /** HTTP/1.1, or HTTP/2 when the connection begins with its preface: one Service may be spoken to in both ways. */
  #serve(socket: Socket, first: Buffer): void {
    socket.pause();
    socket.unshift(first);
    if (first.latin1Slice(0, http2Preface.length) === http2Preface) {
      echoHttp2(this.#identityOf(socket), socket);
      return;
    }
    this.#http.emit("connection", socket);
    socket.resume();
  }

  #open(cluster: Cluster): Promise<Stub | undefined> {
    if (cluster.protocol === "udp") return openUdpEcho();
    const identity = { namespace: cluster.namespace, service: cluster.name, port: cluster.port };
    const isStream = cluster.protocol === "tcp";
    const server = createNetServer({ allowHalfOpen: isStream, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      if (isStream) {
        socket.on("error", () => socket.destroy());
        socket.pipe(socket);
        return;
      }
      this.#identities.set(socket, identity);
      socket.on("error", () => socket.destroy());
      socket.once("data", (first: Buffer) => this.#serve(socket, first));
    });
    return new Promise((resolve) => {
      server.once("error", () => resolve(undefined));
      server.listen({ host: "127.0.0.1", port: 0 }, () => {
        const { address, port } = server.address() as AddressInfo;
        resolve({ endpoint: { address, port }, close: () => closeServer(server) });
      });
    });
  }
}

function closeServer(server: NetServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Sends every datagram back to where it came from. */
function openUdpEcho(): Promise<Stub | undefined> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.once("error", () => resolve(undefined));
    socket.bind({ address: "127.0.0.1", port: 0 }, () => {
      socket.removeAllListeners("error");
      // Such as an answer that nobody is there to take any more.
      socket.on("error", () => {});
      socket.on("message", (bytes, client) => socket.send(bytes, client.port, client.address));
      const { address, port } = socket.address();
      resolve({ endpoint: { address, port }, close: () => new Promise((closed) => socket.close(() => closed())) });
    });
  });
}
