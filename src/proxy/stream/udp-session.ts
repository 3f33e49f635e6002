import { createSocket, type Socket } from "node:dgram";
import { isIP, isIPv6 } from "node:net";
import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import type { UdpSeries } from "../../telemetry/telemetry.ts";
import type { Deadlined } from "../deadlines.ts";
import { proxyErrors } from "../error.ts";
import type { PlaneContext } from "../plane-context.ts";
import { plainAddress } from "../transport/client-address.ts";
import type { AddressGuard } from "../upstream/address-guard.ts";
import { connectFailure } from "../upstream/connect-failure.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";
import { logStream } from "./stream-log.ts";
import type { StreamBackend, StreamRoute } from "./stream-route.ts";
import type { DatagramLookup, UdpDropReason, UdpModel } from "./udp-port.ts";

/** What a session needs of the socket that its client sends to. */
export interface UdpSessionOwner {
  readonly context: PlaneContext;
  /** In force now. */
  readonly model: UdpModel;
  readonly idleMs: number;
  /** Sends to the session's client; false when the datagram was dropped. */
  reply(session: UdpSession, bytes: Buffer): boolean;
  onSessionEnded(session: UdpSession): void;
  countDrop(reason: UdpDropReason): void;
}

/** What waits for the upstream socket. */
type Queue = { datagrams: Buffer[]; bytes: number };

/** The datagrams of one client: one backend, one endpoint, one connected socket to it. */
export class UdpSession implements Deadlined {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly key: string;
  readonly client: { readonly address: string; readonly port: number };
  readonly #owner: UdpSessionOwner;
  #route: StreamRoute<UdpSeries>;
  #backendIndex: number;
  #endpoint: EndpointState | undefined;
  /** Endpoints of the backend when ours was found among them. */
  #endpointsSeen: readonly EndpointState[] | undefined;
  #socket: Socket | undefined;
  /** Until the socket is connected. */
  #waiting: Queue | undefined;
  #refused = false;
  /** Why there is no endpoint. */
  #failure: ResponseFlag = "NE";
  #ended = false;
  #bytesIn = 0;
  #bytesOut = 0;
  #upstream = "";
  readonly #startMs = Date.now();
  readonly #start = performance.now();

  constructor(
    key: string,
    client: { readonly address: string; readonly port: number },
    route: StreamRoute<UdpSeries>,
    owner: UdpSessionOwner,
  ) {
    this.key = key;
    this.client = client;
    this.#owner = owner;
    this.#route = route;
    this.#backendIndex = route.rule.choice.next();
    this.#series.active.add(1);
    owner.context.deadlines.add(this);
  }

  onDeadline(): void {
    this.end(this.#idleFlag());
  }

  /** Something moved, or how long it may not has changed. */
  touch(): void {
    this.deadlineMs = this.#owner.context.deadlines.after(this.#owner.idleMs);
  }

  /** Sends a datagram of the client on; drops it when there is nowhere to send it to. */
  send(bytes: Buffer): void {
    this.touch();
    this.#bytesIn += bytes.length;
    this.#followModel();
    const socket = this.#socket;
    if (socket === undefined) {
      this.#owner.countDrop(this.#backend?.cluster === undefined ? "invalidBackend" : "noEndpoint");
      return;
    }
    const { udpQueueBytes } = this.#owner.context.limits;
    const waiting = this.#waiting;
    if ((waiting === undefined ? socket.getSendQueueSize() : waiting.bytes) + bytes.length > udpQueueBytes) {
      this.#owner.countDrop("queueFull");
      return;
    }
    if (waiting === undefined) this.#write(socket, bytes);
    else {
      waiting.datagrams.push(bytes);
      waiting.bytes += bytes.length;
    }
  }

  /** Forgets the client. */
  end(flag: ResponseFlag): void {
    if (this.#ended) return;
    this.#ended = true;
    const { context } = this.#owner;
    context.deadlines.delete(this);
    this.#leaveEndpoint();
    const series = this.#series;
    series.active.add(-1);
    series.ended(flag);
    this.#owner.onSessionEnded(this);
    logStream(context, {
      protocol: "UDP",
      labels: series.labels,
      gateway: this.#route.bound.gateway,
      startMs: this.#startMs,
      durationMs: performance.now() - this.#start,
      sourceIp: plainAddress(this.client.address),
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      flag,
      upstream: this.#upstream,
    });
  }

  get #series(): UdpSeries {
    return this.#route.series(this.#backendIndex);
  }

  get #backend(): StreamBackend | undefined {
    return this.#route.rule.backends[this.#backendIndex];
  }

  #idleFlag(): ResponseFlag {
    if (this.#upstream !== "") return "-";
    return this.#backend?.cluster === undefined ? "NC" : this.#failure;
  }

  /** Moves on when the model or the endpoints have changed and ours is gone, or when it refuses datagrams. */
  #followModel(): void {
    const now = this.#owner.model.route;
    if (now !== undefined && now !== this.#route) this.#changeRoute(now);
    const cluster = this.#backend?.cluster;
    if (cluster === undefined) {
      this.#leaveEndpoint();
      return;
    }
    const endpoint = this.#endpoint;
    if (endpoint !== undefined && cluster.endpoints !== this.#endpointsSeen && !cluster.endpoints.includes(endpoint)) {
      this.#leaveEndpoint();
    }
    this.#endpointsSeen = cluster.endpoints;
    if (this.#endpoint === undefined) this.#connect(undefined, 1);
    else if (this.#refused && cluster.endpoints.length > 1) this.#connect(this.#endpoint, 1);
  }

  #changeRoute(route: StreamRoute<UdpSeries>): void {
    const key = this.#backend?.cluster?.cluster.key;
    const same = route.rule.backends.findIndex(
      ({ cluster }, index) => cluster?.cluster.key === key && route.rule.rule.backends[index]!.weight > 0,
    );
    this.#series.active.add(-1);
    this.#route = route;
    this.#backendIndex = same >= 0 ? same : route.rule.choice.next();
    this.#series.active.add(1);
  }

  #connect(avoid: EndpointState | undefined, attempt: number): void {
    const { limits } = this.#owner.context;
    const cluster = this.#backend!.cluster!;
    const endpoint = cluster.choose(performance.now(), avoid);
    if (endpoint === undefined || (endpoint === avoid && attempt > 1)) {
      this.#leaveEndpoint();
      return;
    }
    if (endpoint === this.#endpoint) return;
    const waiting = this.#waiting ?? { datagrams: [], bytes: 0 };
    this.#leaveEndpoint();
    if (endpoint.guard.refusal(endpoint.address) !== undefined) {
      this.#failure = "UAR";
      return;
    }
    this.#endpoint = endpoint;
    endpoint.activeRequests++;
    const socket = createSocket({
      type: isIPv6(endpoint.address) ? "udp6" : "udp4",
      lookup: lookupWith(endpoint.guard),
    });
    this.#socket = socket;
    this.#waiting = waiting;
    socket.on("error", (error) => {
      if (this.#socket !== socket) return;
      if (this.#waiting === undefined) {
        this.#onRefused(endpoint);
        return;
      }
      const kind = connectFailure(error, "clear");
      this.#failure = proxyErrors[kind].flag;
      endpoint.onConnectFailed(kind, performance.now(), limits.endpointBackoffMs);
      if (attempt < cluster.cluster.traffic.connectAttempts) this.#connect(endpoint, attempt + 1);
      else this.#leaveEndpoint();
    });
    socket.on("message", (bytes) => this.#receive(socket, bytes));
    socket.on("connect", () => {
      if (this.#socket !== socket) return;
      this.#upstream = endpoint.label;
      this.#waiting = undefined;
      for (const bytes of waiting.datagrams) this.#write(socket, bytes);
    });
    socket.connect(endpoint.port, endpoint.address);
  }

  #write(socket: Socket, bytes: Buffer): void {
    const series = this.#series;
    series.datagramsIn.add(1);
    series.bytesIn.add(bytes.length);
    socket.send(bytes, (error) => {
      if (error === null) return;
      this.#owner.countDrop("sendFailed");
      if (this.#socket === socket && (error as NodeJS.ErrnoException).code === "ECONNREFUSED") {
        this.#onRefused(this.#endpoint!);
      }
    });
  }

  #receive(socket: Socket, bytes: Buffer): void {
    if (this.#socket !== socket) return;
    this.touch();
    if (this.#refused) {
      this.#refused = false;
      this.#endpoint!.onConnected();
    }
    if (!this.#owner.reply(this, bytes)) return;
    this.#bytesOut += bytes.length;
    const series = this.#series;
    series.datagramsOut.add(1);
    series.bytesOut.add(bytes.length);
  }

  /** The system says that nothing listens there. The next datagram tries another endpoint, if there is one. */
  #onRefused(endpoint: EndpointState): void {
    if (this.#refused) return;
    this.#refused = true;
    endpoint.onConnectFailed("connectFailed", performance.now(), this.#owner.context.limits.endpointBackoffMs);
  }

  #leaveEndpoint(): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    endpoint.activeRequests--;
    this.#endpoint = undefined;
    this.#refused = false;
    this.#waiting = undefined;
    const socket = this.#socket!;
    this.#socket = undefined;
    socket.removeAllListeners();
    socket.on("error", () => {});
    socket.close();
  }
}

/** Names are judged when they are resolved; literal addresses were before, and need no resolver. */
function lookupWith(guard: AddressGuard): DatagramLookup {
  return (hostname, options, done) => {
    const literal = isIP(hostname);
    if (literal > 0) {
      done(null, hostname, literal);
      return;
    }
    // A UDP socket passes the family alone, whatever its types say.
    const family = typeof options === "number" ? options : options.family;
    guard.lookup(hostname, { ...(family === undefined ? {} : { family }), all: false }, (error, address, found) =>
      done(error, address as string, found ?? 0),
    );
  };
}
