import type { Server } from "node:http";
import type { Socket } from "node:net";

type Member = {
  readonly socket: Socket;
  readonly address: string;
  /** A request of it is being answered. */
  busy: boolean;
};

/**
 * Room for a number of connections to an HTTP server. A newcomer always gets in: one of the peer with the most connections goes
 * instead, first one that waits (for a request, or for the rest of one), and of those the oldest. So whoever keeps connections
 * open keeps nobody else out: probes among them.
 */
export class ConnectionRoom {
  readonly #members = new Map<Socket, Member>();
  readonly #size: number;

  constructor(server: Server, size: number) {
    this.#size = size;
    server.on("connection", (socket) => this.#admit(socket));
    server.on("request", (request, response) => {
      const member = this.#members.get(request.socket);
      if (member === undefined) return;
      member.busy = true;
      response.on("close", () => {
        member.busy = false;
      });
    });
  }

  #admit(socket: Socket): void {
    // In the order of arrival, as a map keeps it.
    this.#members.set(socket, { socket, address: socket.remoteAddress ?? "", busy: false });
    socket.on("close", () => this.#members.delete(socket));
    if (this.#members.size <= this.#size) return;
    const leaving = this.#mostExpendable();
    this.#members.delete(leaving.socket);
    leaving.socket.destroy();
  }

  #mostExpendable(): Member {
    const members = [...this.#members.values()];
    const [crowd = members] = Map.groupBy(members, ({ address }) => address)
      .values()
      .toArray()
      .sort((a, b) => b.length - a.length);
    return crowd.find(({ busy }) => !busy) ?? crowd[0]!;
  }
}
