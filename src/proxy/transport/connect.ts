import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { UpstreamTlsContext } from "../upstream/tls-context.ts";
import { SocketTransport } from "./socket-transport.ts";
import type { Transport, TransportEvents } from "./transport.ts";

/** Read buffer of every clear upstream connection of this thread: what is read is handled before the next read. */
const sharedRead = Buffer.allocUnsafeSlow(64 * 1024);

export interface ConnectEvents extends TransportEvents {
  /** Connected and, with TLS, verified. */
  onConnect(): void;
}

export type ConnectTarget = {
  readonly address: string;
  readonly port: number;
  readonly tls: UpstreamTlsContext | undefined;
};

/** Dials. Failures arrive as `onClose` without a preceding `onConnect`. */
export function connect(target: ConnectTarget, events: ConnectEvents): Transport {
  const { tls } = target;
  if (tls === undefined) {
    const socket: Socket = connectTcp({
      host: target.address,
      port: target.port,
      noDelay: true,
      allowHalfOpen: true,
      onread: {
        buffer: sharedRead,
        callback: (count) => {
          if (!transport.closed) events.onData(sharedRead, 0, count);
          return true;
        },
      },
    });
    const transport = new SocketTransport(socket, "reference");
    transport.attach(events, "none");
    socket.once("connect", () => events.onConnect());
    return transport;
  }
  const socket = connectTls({
    host: target.address,
    port: target.port,
    servername: tls.hostname,
    secureContext: tls.secureContext,
    ALPNProtocols: ["http/1.1"],
    checkServerIdentity: (_hostname, certificate) => tls.checkIdentity(certificate),
  });
  socket.setNoDelay(true);
  const transport = new SocketTransport(socket, "copy");
  transport.attach(events, "data");
  socket.once("secureConnect", () => events.onConnect());
  return transport;
}
