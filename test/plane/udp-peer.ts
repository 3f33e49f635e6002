import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** A UDP socket on 127.0.0.1 that keeps what it gets. */
export class UdpPeer implements AsyncDisposable {
  readonly socket: Socket;
  readonly received: string[] = [];
  /** Ports that datagrams came from, one for each in `received`. */
  readonly from: number[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** `answer` makes a backend of it. */
  static async open(answer?: (bytes: Buffer, from: RemoteInfo) => string | Buffer | undefined): Promise<UdpPeer> {
    const socket = createSocket("udp4");
    const peer = new UdpPeer(socket);
    socket.on("error", () => {});
    socket.on("message", (bytes, from) => {
      peer.received.push(bytes.toString("latin1"));
      peer.from.push(from.port);
      for (const wake of peer.#waiting.splice(0)) wake();
      const reply = answer?.(bytes, from);
      if (reply !== undefined) socket.send(reply, from.port, from.address);
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return peer;
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(bytes: string | Buffer, port: number): void {
    this.socket.send(bytes, port, "127.0.0.1");
  }

  /** Resolves when `count` datagrams in all have come; the last of them. */
  async got(count: number): Promise<string> {
    while (this.received.length < count) await new Promise<void>((wake) => this.#waiting.push(wake));
    return this.received[count - 1]!;
  }

  /** Sends and waits for one more datagram. */
  async ask(bytes: string | Buffer, port: number): Promise<string> {
    const before = this.received.length;
    this.send(bytes, port);
    return await this.got(before + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
  }
}
