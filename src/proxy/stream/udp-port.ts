import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { LookupOneOptions } from "node:dns";
import { isIP, isIPv6 } from "node:net";
import type { StreamListener } from "../../ir/routing-model.ts";
import type { BoundListener } from "../../ir/select.ts";
import type { UdpSeries } from "../../telemetry/telemetry.ts";
import { listenerLabels } from "../listener-labels.ts";
import type { PlaneContext } from "../plane-context.ts";
import { StreamRoute, type StreamRules } from "./stream-route.ts";
import { UdpSession, type UdpSessionOwner } from "./udp-session.ts";

/** Replies of all sessions that wait for the listener's socket. Further ones are dropped. Bytes. */
const replyQueueBytes = 1024 * 1024;
/** Sessions of a draining listener end when nothing moves for this long: whoever asked has had an answer by then. */
const drainIdleMs = 1_000;

/** What a UDP socket serves. */
export type UdpModel = {
  /** Of the listener, before any mapping. */
  readonly port: number;
  readonly bound: BoundListener<StreamListener>;
  readonly route: StreamRoute<UdpSeries> | undefined;
};

/** Of several listeners on one port the first with a route serves. Spec: UDPRoute. */
export function buildUdpModel(
  bound: readonly BoundListener<StreamListener>[],
  rules: StreamRules,
  { telemetry }: PlaneContext,
): UdpModel {
  const chosen = bound.find(({ listener }) => listener.rule !== undefined) ?? bound[0]!;
  const { gateway, listener } = chosen;
  const route =
    listener.rule &&
    new StreamRoute(rules.get(gateway, listener.rule), chosen, (labels) => telemetry.udpSeries(labels));
  return { port: listener.port, bound: chosen, route };
}

export type UdpDropReason = "noRoute" | "invalidBackend" | "noEndpoint" | "queueFull" | "sendFailed";

/** How a UDP socket resolves names. */
export type DatagramLookup = (
  hostname: string,
  options: LookupOneOptions,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
) => void;

/** Literal addresses need no resolver; answering at once also keeps datagrams in order. */
const literalLookup: DatagramLookup = (hostname, _options, done) => done(null, hostname, isIP(hostname));

/** One UDP socket and the sessions of its clients: replies leave through it, so from the address that clients sent to. */
export class UdpPort implements UdpSessionOwner {
  readonly context: PlaneContext;
  readonly #socket: Socket;
  #model: UdpModel;
  /** By client, the one that was idle for longest first. */
  readonly #sessions = new Map<string, UdpSession>();
  #port = 0;
  #draining = false;
  #closed = false;
  #onEmpty: (() => void) | undefined;

  private constructor(socket: Socket, model: UdpModel, context: PlaneContext) {
    this.#socket = socket;
    this.#model = model;
    this.context = context;
  }

  /** Binds; an `Error` (never thrown) when that fails. */
  static open(
    at: { readonly address: string; readonly port: number },
    model: UdpModel,
    context: PlaneContext,
  ): Promise<UdpPort | Error> {
    const socket = createSocket({ type: isIPv6(at.address) ? "udp6" : "udp4", lookup: literalLookup });
    const port = new UdpPort(socket, model, context);
    return new Promise((resolve) => {
      socket.once("error", (error) => {
        socket.close();
        resolve(error);
      });
      socket.bind({ address: at.address, port: at.port, exclusive: true }, () => {
        socket.removeAllListeners("error");
        // Later errors are answers to single datagrams, such as ICMP: the listener stays.
        socket.on("error", () => {});
        socket.on("message", (bytes, client) => port.#receive(bytes, client));
        port.#port = socket.address().port;
        resolve(port);
      });
    });
  }

  get model(): UdpModel {
    return this.#model;
  }

  /** The bound port. */
  get port(): number {
    return this.#port;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  get idleMs(): number {
    const { udpIdleMs } = this.context.limits;
    return this.#draining ? Math.min(drainIdleMs, udpIdleMs) : udpIdleMs;
  }

  /** Datagrams that come from now on are served by `model`; sessions whose backend it still has keep their endpoint. */
  swap(model: UdpModel): void {
    this.#model = model;
    this.#draining = false;
    this.#onEmpty?.();
  }

  /** Takes no new clients; resolves when the sessions have ended, which is at the deadline at the latest, and the socket is closed. */
  async drain(deadlineMs: number): Promise<"closed" | "revived"> {
    this.#draining = true;
    for (const session of this.#sessions.values()) session.touch();
    if (this.#sessions.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          for (const session of [...this.#sessions.values()]) session.end("DR");
        }, deadlineMs);
        this.#onEmpty = () => {
          clearTimeout(timer);
          this.#onEmpty = undefined;
          resolve();
        };
      });
    }
    if (!this.#draining) return "revived";
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    return "closed";
  }

  reply(session: UdpSession, bytes: Buffer): boolean {
    if (this.#socket.getSendQueueSize() > replyQueueBytes) {
      this.countDrop("queueFull");
      return false;
    }
    this.#socket.send(bytes, session.client.port, session.client.address, (error) => {
      if (error !== null) this.countDrop("sendFailed");
    });
    return true;
  }

  onSessionEnded(session: UdpSession): void {
    this.#sessions.delete(session.key);
    if (this.#sessions.size === 0) this.#onEmpty?.();
  }

  countDrop(reason: UdpDropReason): void {
    const labels = listenerLabels(this.#model.bound);
    this.context.telemetry
      .counter(
        "gateway_udp_dropped_datagrams_total",
        labels.gateway_name,
        labels.gateway_namespace,
        labels.listener,
        reason,
      )
      .add(1);
  }

  #receive(bytes: Buffer, client: RemoteInfo): void {
    const key = `${client.address}|${client.port}`;
    const { route } = this.#model;
    let session = this.#sessions.get(key);
    if (route === undefined || (session === undefined && this.#draining)) {
      session?.end("NR");
      this.countDrop("noRoute");
      return;
    }
    if (session !== undefined) {
      // Back in at the end of the map: the first is the one that was idle for longest.
      this.#sessions.delete(key);
    } else {
      if (this.#sessions.size >= this.context.limits.udpSessions) {
        for (const oldest of this.#sessions.values()) {
          oldest.end("SE");
          break;
        }
      }
      session = new UdpSession(key, client, route, this);
    }
    this.#sessions.set(key, session);
    session.send(bytes);
  }
}
