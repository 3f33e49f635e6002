import type { PlaneContext } from "../plane-context.ts";
import { type UdpModel, UdpPort } from "./udp-port.ts";

export type UdpPlace = {
  /** Equal in two plans: the same socket. */
  readonly key: string;
  readonly address: string;
  /** To bind; 0: any. */
  readonly port: number;
  readonly model: UdpModel;
};

/** All UDP sockets of a plane. */
export class UdpPorts {
  readonly #context: PlaneContext;
  #ports = new Map<string, UdpPort>();
  /** Removed, with sessions that end: one that comes back goes on with its socket, which nobody else could bind yet. */
  readonly #draining = new Map<UdpPort, { readonly key: string; readonly done: Promise<unknown> }>();

  constructor(context: PlaneContext) {
    this.#context = context;
  }

  /** The bound port for a listener port; `undefined`: not bound. */
  boundPort(listenerPort: number): number | undefined {
    for (const port of this.#ports.values()) if (port.model.port === listenerPort) return port.port;
    return undefined;
  }

  /** Opens what is new. Nothing changes for datagrams until `commit` is called. */
  async prepare(places: readonly UdpPlace[]): Promise<{
    readonly opened: ReadonlyMap<string, UdpPort | Error>;
    readonly commit: () => void;
  }> {
    const opened = new Map<string, UdpPort | Error>();
    for (const place of places) {
      opened.set(place.key, this.#openAt(place) ?? (await UdpPort.open(place, place.model, this.#context)));
    }
    const commit = () => {
      const before = this.#ports;
      this.#ports = new Map();
      for (const { key, model } of places) {
        const port = opened.get(key);
        if (!(port instanceof UdpPort)) continue;
        port.swap(model);
        this.#draining.delete(port);
        this.#ports.set(key, port);
      }
      for (const [key, port] of before) {
        if (this.#ports.get(key) !== port) this.#retire(key, port, this.#context.limits.drainTimeoutMs);
      }
    };
    return { opened, commit };
  }

  async drain(deadlineMs: number): Promise<void> {
    for (const [key, port] of this.#ports) this.#retire(key, port, deadlineMs);
    this.#ports = new Map();
    await Promise.all([...this.#draining.values()].map(({ done }) => done));
  }

  /** The socket that is open for a place, unless its port is now mapped to another. */
  #openAt({ key, port }: UdpPlace): UdpPort | undefined {
    const draining = [...this.#draining].flatMap(([one, at]) => (at.key === key && !one.closed ? [one] : []));
    return [this.#ports.get(key), ...draining].find((open) => open && (port === 0 || port === open.port));
  }

  #retire(key: string, port: UdpPort, deadlineMs: number): void {
    const done = port.drain(deadlineMs).finally(() => {
      if (this.#draining.get(port)?.done === done) this.#draining.delete(port);
    });
    this.#draining.set(port, { key, done });
  }
}
