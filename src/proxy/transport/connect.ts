import { connect as connectTcp, type LookupFunction, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { AddressGuard } from "../upstream/address-guard.ts";
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
  /** Says which addresses may be dialled. */
  readonly guard: AddressGuard;
  /** Offered in the TLS handshake; empty: nothing is. Default: HTTP/1.1. */
  readonly alpn?: readonly string[];
  /** Sent in clear text before anything else, before TLS too. */
  readonly preface?: Buffer;
};

/** Dials. Failures arrive as `onClose` without a preceding `onConnect`. */
export function connect(target: ConnectTarget, events: ConnectEvents): Transport {
  const { tls, guard } = target;
  const refusal = guard.refusal(target.address);
  if (refusal !== undefined) {
    const socket = new Socket();
    const transport = new SocketTransport(socket, "reference");
    transport.attach(events, "none");
    socket.destroy(refusal);
    return transport;
  }
  if (tls === undefined) {
    const socket: Socket = connectTcp({
      host: target.address,
      port: target.port,
      lookup: guard.lookup,
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
    if (target.preface !== undefined) socket.write(target.preface);
    return transport;
  }
  const alpn = target.alpn ?? ["http/1.1"];
  const address = { host: target.address, port: target.port, lookup: guard.lookup };
  const socket = connectTls({
    ...(target.preface === undefined ? address : { socket: connectAndSend({ ...address, preface: target.preface }) }),
    allowHalfOpen: true,
    servername: tls.hostname,
    secureContext: tls.secureContext,
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    checkServerIdentity: (_hostname, certificate) => tls.checkIdentity(certificate),
  });
  socket.setNoDelay(true);
  const transport = new SocketTransport(socket, "copy");
  transport.attach(events, "data");
  socket.once("secureConnect", () => events.onConnect());
  return transport;
}

type PrefacedAddress = {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  readonly preface: Buffer;
};

/** A socket whose first bytes are the preface: they are queued before TLS can queue its own. */
function connectAndSend({ preface, ...address }: PrefacedAddress): Socket {
  const socket = connectTcp({ ...address, noDelay: true, allowHalfOpen: true });
  socket.write(preface);
  return socket;
}
