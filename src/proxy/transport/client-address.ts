import type { Socket } from "node:net";
import type { ProxiedAddresses } from "../../wire/proxy-protocol.ts";

/** Both ends of a client's connection: the socket's own, or what a trusted proxy's PROXY header says. */
export type ClientAddresses = ProxiedAddresses;

/** `undefined` when the client is gone already. */
export function clientAddresses(socket: Socket): ClientAddresses | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return {
    sourceAddress: plainAddress(remoteAddress),
    sourcePort: remotePort,
    destinationAddress: plainAddress(localAddress ?? ""),
    destinationPort: localPort ?? 0,
  };
}

/** A dual-stack socket shows IPv4 clients in the mapped form. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/**
 * What is known of connections before their TLS handshake, for when it is done: the socket that a TLS server hands over is
 * another object, but the remote address and port of an open connection are its alone.
 */
export class PendingConnections<T> {
  readonly #byPeer = new Map<string, T>();

  /** Kept until the socket closes. */
  set(socket: Socket, value: T): void {
    const key = peerKey(socket);
    this.#byPeer.set(key, value);
    socket.once("close", () => {
      if (this.#byPeer.get(key) === value) this.#byPeer.delete(key);
    });
  }

  get(socket: Socket): T | undefined {
    return this.#byPeer.size === 0 ? undefined : this.#byPeer.get(peerKey(socket));
  }
}

function peerKey(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`;
}
