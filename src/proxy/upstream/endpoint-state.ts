import type { Cluster } from "../../ir/cluster.ts";
import type { Endpoint } from "../../ir/endpoint-table.ts";
import type { TcpKeepalive } from "../../ir/traffic/connection-settings.ts";
import type { Counter, Gauge } from "../../telemetry/telemetry.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { Descriptors } from "../transport/descriptors.ts";
import type { AddressGuard } from "./address-guard.ts";
import type { UpstreamConnection } from "./connection.ts";
import type { ConnectionRules } from "./connection-rules.ts";
import type { EndpointStanding } from "./endpoint-standing.ts";
import type { Http2Pool } from "./http2-pool.ts";
import type { PrivateUpstreams } from "./private-upstreams.ts";
import type { UpstreamTlsContext } from "./tls-context.ts";
import { Uploads } from "./uploads.ts";

const maximumBackoffFactor = 32;
/** What makes dialling fail and is not the endpoint's fault. */
const faultless: ReadonlySet<ProxyErrorKind> = new Set(["descriptors", "endpointGone"]);

/** Where connections of a backend are counted. */
export type BackendMetrics = {
  readonly active: Gauge;
  readonly idle: Gauge;
  /** By result: `ok`, or what made dialling fail. */
  readonly dialled: (result: string) => Counter;
};

/** How endpoints of a backend are dialled. */
export type Dialling = {
  readonly protocol: Cluster["protocol"];
  readonly tls: UpstreamTlsContext | undefined;
  /** Of the first backend that names the endpoint. */
  readonly metrics: BackendMetrics;
  readonly rules: ConnectionRules;
};

/** Which connections may be made, to any endpoint. */
export type DialRules = {
  readonly guard: AddressGuard;
  readonly descriptors: Descriptors;
};

/** A connection that is being made. */
export interface Dial {
  /** The endpoint is listed no more: waiting for it is in vain. */
  onEndpointGone(): void;
}

/** What is known of one address of one backend. Lives as long as a model names it, so that swaps keep its connections. */
export class EndpointState {
  readonly address: string;
  readonly port: number;
  /** `""`: not known. */
  readonly zone: string;
  /** For logs. */
  readonly label: string;
  readonly protocol: Cluster["protocol"];
  readonly tls: UpstreamTlsContext | undefined;
  readonly metrics: BackendMetrics;
  readonly rules: ConnectionRules;
  readonly guard: AddressGuard;
  readonly descriptors: Descriptors;
  /** Most recently used last, and used first: so the surplus falls idle and is closed. */
  readonly idle: UpstreamConnection[] = [];
  /** Clients that have connections for themselves here. */
  readonly privates = new Set<PrivateUpstreams>();
  readonly uploads = new Uploads();
  /** Connections to it that are being made. */
  readonly dials = new Set<Dial>();
  /** Connections that requests share; made by the first one. */
  http2: Http2Pool | undefined;
  /** Requests in flight, for least-request. */
  activeRequests = 0;
  connections = 0;
  /** Since when it gets requests, on the clock of `performance.now`. */
  servesSinceMs = performance.now();
  /** How it is doing, where a policy judges that. */
  standing: EndpointStanding | undefined;
  /** No model names this endpoint any more: its connections are not kept. */
  retired = false;
  /** Its backend goes on without it: it is more likely dead than slow, and whoever dials it had better ask another. */
  left = false;
  #failures = 0;
  #failedUntilMs = 0;

  constructor(endpoint: Endpoint, { protocol, tls, metrics, rules }: Dialling, { guard, descriptors }: DialRules) {
    this.address = endpoint.address;
    this.port = endpoint.port;
    this.zone = endpoint.zone ?? "";
    this.label = endpoint.address.includes(":")
      ? `[${endpoint.address}]:${endpoint.port}`
      : `${endpoint.address}:${endpoint.port}`;
    this.protocol = protocol;
    this.tls = tls;
    this.metrics = metrics;
    this.rules = rules;
    this.guard = guard;
    this.descriptors = descriptors;
  }

  /** For dialling. */
  get keepalive(): TcpKeepalive | undefined {
    return this.rules.keepalive;
  }

  /** False while the endpoint is passed over after a failed connection. */
  usable(nowMs: number): boolean {
    return nowMs >= this.#failedUntilMs;
  }

  /** Takes room for one more connection; false: there is none. Each that was taken is given back by {@link closeConnection}. */
  openConnection(): boolean {
    const { maxConnections, breaker } = this.rules;
    if (this.connections >= maxConnections) return false;
    if (breaker !== undefined) {
      const { connections } = breaker.limits;
      if (connections.full) this.rules.closeIdle();
      if (!connections.take()) return false;
    }
    this.connections++;
    return true;
  }

  closeConnection(): void {
    this.connections--;
    this.rules.breaker?.limits.connections.give();
    this.rules.onRoom(this);
  }

  onConnected(): void {
    this.#failures = 0;
    this.#failedUntilMs = 0;
  }

  onConnectFailed(kind: ProxyErrorKind, nowMs: number, backoffMs: number): void {
    if (faultless.has(kind)) return;
    const factor = Math.min(2 ** this.#failures, maximumBackoffFactor);
    this.#failures++;
    this.#failedUntilMs = nowMs + backoffMs * factor;
    // Idle connections to an address that refuses new ones lead to a process that is on its way out.
    this.closeIdle();
  }

  retire(): void {
    this.retired = true;
    if (this.left) for (const dial of [...this.dials]) dial.onEndpointGone();
    this.closeIdle();
    this.http2?.retire();
    this.standing?.release();
  }

  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.destroy();
    for (const own of this.privates) own.leave(this);
  }
}

/** All endpoints in use, shared by the clusters of the old and the new model. */
export class EndpointRegistry {
  #states = new Map<string, EndpointState>();
  readonly #rules: DialRules;

  constructor(rules: DialRules) {
    this.#rules = rules;
  }

  /** The state of `endpoint` when it is dialled in this way. */
  get(endpoint: Endpoint, dialling: Dialling): EndpointState {
    const { protocol, tls, rules } = dialling;
    const key = `${endpoint.address}|${endpoint.port}|${protocol}|${tls?.key ?? ""}|${rules.key}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      state = new EndpointState(endpoint, dialling, this.#rules);
      this.#states.set(key, state);
    }
    return state;
  }

  /** Retires every endpoint that is not in `used`. */
  keep(used: ReadonlySet<EndpointState>): void {
    for (const [key, state] of this.#states) {
      if (used.has(state)) {
        state.left = false;
        continue;
      }
      state.retire();
      this.#states.delete(key);
    }
  }

  closeAll(): void {
    this.keep(new Set());
  }
}
