import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import type { TcpSeries } from "../../telemetry/telemetry.ts";
import { writeProxyHeader } from "../../wire/proxy-protocol.ts";
import type { ClusterRuntime } from "../cluster-runtime.ts";
import type { Deadlined } from "../deadlines.ts";
import { proxyErrors } from "../error.ts";
import type { PlaneContext } from "../plane-context.ts";
import type { ClientAddresses } from "../transport/client-address.ts";
import type { Open, OpenSet } from "../transport/open-set.ts";
import { output } from "../transport/output.ts";
import type { SocketTransport } from "../transport/socket-transport.ts";
import type { Transport } from "../transport/transport.ts";
import { type ConnectEvents, connect } from "../upstream/connect.ts";
import { type ConnectFailure, connectFailure } from "../upstream/connect-failure.ts";
import type { Dial, EndpointState } from "../upstream/endpoint-state.ts";
import { type EndpointResult, resultOfFailure } from "../upstream/outlier/endpoint-result.ts";
import { logStream } from "./stream-log.ts";
import type { StreamRoute } from "./stream-route.ts";

export type StreamParts = {
  /** Paused; what it has read comes first. */
  readonly downstream: SocketTransport;
  readonly client: ClientAddresses;
  readonly route: StreamRoute<TcpSeries>;
  /** SNI; `""` without one. */
  readonly serverName: string;
  /** The stream is a member while it lives. */
  readonly open: OpenSet;
};

/** A stream has no status; that it came about is a success. */
const connected: EndpointResult = 200;

/**
 * `connecting`: nothing is read from the client. `open`: bytes flow. `lingering`: the endpoint broke the stream after it had
 * sent all that it had to say, which the client may still read. `closed`: nothing more happens.
 */
type Phase = "connecting" | "open" | "lingering" | "closed";

/** One client's TCP stream (or what is inside its TLS) to an endpoint. It keeps the route that it began with. */
export class StreamConnection implements Deadlined, Dial, Open {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #context: PlaneContext;
  readonly #parts: StreamParts;
  readonly #downstream: Side;
  #upstream: Side | undefined;
  #endpoint: EndpointState | undefined;
  #backendIndex = -1;
  #attempts = 0;
  #phase: Phase = "connecting";
  readonly #startMs = Date.now();
  readonly #start = performance.now();

  /** Chooses a backend and begins to connect; without one the client is reset. */
  constructor(parts: StreamParts, context: PlaneContext) {
    this.#parts = parts;
    this.#context = context;
    this.#downstream = new Side(this, parts.downstream);
    parts.open.add(this);
    context.deadlines.add(this);
    parts.downstream.pause();
    parts.downstream.attach(this.#downstream, "data");
    const { choice, backends, admits } = parts.route.rule;
    if (!admits(parts.client.sourceAddress)) {
      this.#series.active.add(1);
      this.#break("RBAC");
      return;
    }
    this.#backendIndex = choice.next();
    this.#series.active.add(1);
    const cluster = backends[this.#backendIndex]?.cluster;
    if (cluster === undefined) this.#break("NC");
    else if (cluster.broken === "upstreamTls" && !parts.route.passesTls) this.#break("UTF");
    else this.#connect(cluster, undefined);
  }

  get queuedBytes(): number {
    return this.#downstream.transport.queuedBytes + (this.#upstream?.transport.queuedBytes ?? 0);
  }

  /** Ends the stream at once, whatever flows. */
  destroy(): void {
    if (this.#phase !== "closed") this.#break("DR");
  }

  onDeadline(): void {
    switch (this.#phase) {
      case "connecting":
        this.#onConnectFailed("connectTimeout");
        return;
      case "open":
        this.#break("SI");
        return;
      case "lingering":
        this.#break("UC");
        return;
      case "closed":
    }
  }

  onEndpointGone(): void {
    this.#onConnectFailed("endpointGone");
  }

  onConnect(side: Side): void {
    if (side !== this.#upstream || this.#phase !== "connecting") return;
    const endpoint = this.#endpoint!;
    endpoint.onConnected();
    endpoint.metrics.dialled("ok").add(1);
    this.#learn(connected);
    endpoint.metrics.active.add(1);
    this.#phase = "open";
    endpoint.dials.delete(this);
    this.#touch();
    this.#downstream.transport.resume();
  }

  onData(from: Side, bytes: Buffer, start: number, end: number): void {
    const to = this.#other(from);
    if (to === undefined || this.#phase === "closed") return;
    from.bytes += end - start;
    if (this.#phase === "lingering") return;
    this.#touch();
    output.append(to.transport, bytes, start, end);
    output.flush();
    if (to.transport.congested) from.transport.pause();
  }

  onDrain(side: Side): void {
    if (this.#phase !== "open") return;
    this.#touch();
    this.#other(side)?.transport.resume();
  }

  onEnd(from: Side): void {
    from.ended = true;
    if (this.#phase === "open") this.#touch();
    this.#other(from)?.transport.end();
  }

  onClose(side: Side, error: Error | undefined): void {
    if (this.#phase === "closed" || (side !== this.#downstream && side !== this.#upstream)) return;
    side.closed = true;
    if (this.#phase === "connecting") {
      if (side === this.#downstream) this.#break("DC");
      else {
        const clear = this.#endpoint!.tls === undefined || this.#parts.route.passesTls;
        this.#onConnectFailed(connectFailure(error, clear ? "clear" : "tls"));
      }
      return;
    }
    const other = this.#other(side)!;
    if (error === undefined && side.ended && (other.ended || other.closed)) {
      if (other.closed) this.#finish("-");
      return;
    }
    if (this.#phase === "lingering") {
      this.#break("UC");
      return;
    }
    if (side.ended && other.transport.queuedBytes > 0) {
      this.#phase = "lingering";
      this.deadlineMs = this.#context.deadlines.after(this.#context.limits.lingerMs);
      other.transport.resume();
      return;
    }
    this.#break(side === this.#downstream ? "DC" : "UC");
  }

  get #series(): TcpSeries {
    return this.#parts.route.series(this.#backendIndex);
  }

  #other(side: Side): Side | undefined {
    return side === this.#downstream ? this.#upstream : this.#downstream;
  }

  #touch(): void {
    this.deadlineMs = this.#context.deadlines.after(this.#context.limits.streamIdleMs);
  }

  #connect(cluster: ClusterRuntime, failed: EndpointState | undefined): void {
    const { deadlines } = this.#context;
    const endpoint = cluster.choose(performance.now(), failed);
    if (endpoint === undefined || (endpoint === failed && cluster.endpoints.length > 0)) {
      this.#break(failed === undefined ? "NE" : "UF");
      return;
    }
    if (!endpoint.openConnection()) {
      this.#break("UO");
      return;
    }
    this.#attempts++;
    this.#endpoint = endpoint;
    endpoint.activeRequests++;
    endpoint.dials.add(this);
    const { client, route } = this.#parts;
    const proxyProtocol = endpoint.rules.proxyProtocol ?? cluster.cluster.proxyProtocol;
    const side = new Side(this);
    this.#upstream = side;
    side.transport = connect(
      {
        address: endpoint.address,
        port: endpoint.port,
        guard: endpoint.guard,
        descriptors: endpoint.descriptors,
        tls: route.passesTls ? undefined : endpoint.tls,
        alpn: [],
        keepalive: endpoint.rules.keepalive,
        ...(proxyProtocol === undefined ? {} : { preface: writeProxyHeader(proxyProtocol, client) }),
      },
      side,
    );
    this.deadlineMs = deadlines.after(cluster.cluster.traffic.connectTimeoutMs);
  }

  #onConnectFailed(kind: ConnectFailure): void {
    const failed = this.#endpoint!;
    const cluster = this.#parts.route.rule.backends[this.#backendIndex]!.cluster!.latest;
    const { limits } = this.#context;
    failed.metrics.dialled(kind).add(1);
    this.#learn(resultOfFailure(kind));
    failed.onConnectFailed(kind, performance.now(), limits.endpointBackoffMs);
    const side = this.#upstream!;
    this.#leaveEndpoint();
    this.#upstream = undefined;
    side.transport.destroy();
    const more = kind === "endpointGone" || this.#attempts < cluster.cluster.traffic.connectAttempts;
    if (!more || !cluster.endpoints.some((endpoint) => endpoint !== failed)) this.#break(proxyErrors[kind].flag);
    else this.#connect(cluster, failed);
  }

  /** What came of connecting says something about the endpoint. */
  #learn(result: EndpointResult | undefined): void {
    const { traffic } = this.#parts.route.rule.backends[this.#backendIndex]!.cluster!;
    if (traffic !== undefined && result !== undefined) traffic.onResult(this.#endpoint!, result, performance.now());
  }

  #leaveEndpoint(): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    this.#endpoint = undefined;
    endpoint.activeRequests--;
    endpoint.dials.delete(this);
    if (this.#phase !== "connecting") endpoint.metrics.active.add(-1);
    endpoint.closeConnection();
  }

  /** Tells both sides that the stream broke. */
  #break(flag: ResponseFlag): void {
    this.#finish(flag);
    this.#downstream.transport.reset();
    this.#upstream?.transport.reset();
  }

  #finish(flag: ResponseFlag): void {
    if (this.#phase === "closed") return;
    const upstream = this.#phase === "connecting" ? "" : (this.#endpoint?.label ?? "");
    this.#leaveEndpoint();
    this.#phase = "closed";
    this.#context.deadlines.delete(this);
    this.#parts.open.delete(this);
    const series = this.#series;
    const bytesIn = this.#downstream.bytes;
    const bytesOut = this.#upstream?.bytes ?? 0;
    series.active.add(-1);
    series.bytesIn.add(bytesIn);
    series.bytesOut.add(bytesOut);
    series.ended(flag);
    logStream(this.#context, {
      protocol: this.#parts.route.bound.listener.protocol,
      labels: series.labels,
      gateway: this.#parts.route.bound.gateway,
      startMs: this.#startMs,
      durationMs: performance.now() - this.#start,
      sourceIp: this.#parts.client.sourceAddress,
      bytesIn,
      bytesOut,
      flag,
      serverName: this.#parts.serverName,
      upstream,
    });
  }
}

/** One of the two sockets of a stream. A side of an attempt that was given up on is told nothing any more. */
class Side implements ConnectEvents {
  transport: Transport;
  /** Bytes received. */
  bytes = 0;
  /** Half-closed by its peer. */
  ended = false;
  closed = false;
  readonly #connection: StreamConnection;

  constructor(connection: StreamConnection, transport?: Transport) {
    this.#connection = connection;
    this.transport = transport as Transport;
  }

  onConnect(): void {
    this.#connection.onConnect(this);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.#connection.onData(this, bytes, start, end);
  }

  onEnd(): void {
    this.#connection.onEnd(this);
  }

  onDrain(): void {
    this.#connection.onDrain(this);
  }

  onClose(error: Error | undefined): void {
    this.#connection.onClose(this, error);
  }
}
