import { connect as connectTcp, type LookupFunction, type NetConnectOpts, Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import type { TcpKeepalive } from "../../ir/traffic/connection-settings.ts";
import { type Descriptors, DescriptorsUsedUpError } from "../transport/descriptors.ts";
import { readBeforeEnd } from "../transport/read-before-end.ts";
import { SocketTransport } from "../transport/socket-transport.ts";
import { probeAfterMs, type Transport, type TransportEvents } from "../transport/transport.ts";
import type { AddressGuard } from "./address-guard.ts";
import type { UpstreamTlsContext } from "./tls-context.ts";
import type { UpstreamSessions } from "./upstream-sessions.ts";

/** Read buffer of every clear upstream connection of this thread: what is read is handled before the next read. */
const sharedRead = Buffer.allocUnsafeSlow(64 * 1024);

/** What a connection queues before it calls itself congested: any body that an endpoint does not take at once, and few heads. */
const uploadQueueBytes = 1_024;

export interface ConnectEvents extends TransportEvents {
  /** Connected and, with TLS, verified. `protocol` is what ALPN agreed on; `""` without TLS, or when it agreed on nothing. */
  onConnect(protocol: string): void;
}

export type ConnectTarget = {
  readonly address: string;
  readonly port: number;
  readonly tls: UpstreamTlsContext | undefined;
  /** Says which addresses may be dialled. */
  readonly guard: AddressGuard;
  /** Says how many may be dialled. */
  readonly descriptors: Descriptors;
  /** Offered in the TLS handshake; empty: nothing is. Default: HTTP/1.1, or nothing where `tls` says so. */
  readonly alpn?: readonly string[];
  /** Sent in clear text before anything else, before TLS too. */
  readonly preface?: Buffer;
  /** Probes of a silent connection. Default: the gateway's own. */
  readonly keepalive?: TcpKeepalive | undefined;
};

/** What is dialled, with what a connection to it begins with. */
export function dialledWith(target: ConnectTarget, preface: Buffer | undefined): ConnectTarget {
  if (preface === undefined) return target;
  const { address, port, tls, guard, descriptors, keepalive } = target;
  return { address, port, tls, guard, descriptors, keepalive, preface };
}

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
    const options: NetConnectOpts & { readonly writableHighWaterMark: number } = {
      host: target.address,
      port: target.port,
      lookup: guard.lookup,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: probeAfterMs,
      allowHalfOpen: true,
      writableHighWaterMark: uploadQueueBytes,
      onread: {
        buffer: sharedRead,
        callback: (count) => {
          transport.deliver(sharedRead, 0, count);
          return true;
        },
      },
    };
    const socket: Socket = connectTcp(options);
    readBeforeEnd(socket);
    const transport = new SocketTransport(socket, "reference");
    transport.attach(events, "none");
    socket.once("connect", () => establish(transport, target, () => events.onConnect("")));
    if (target.preface !== undefined) socket.write(target.preface);
    return transport;
  }
  const alpn = target.alpn ?? (tls.offersHttp1 ? ["http/1.1"] : []);
  const endpoint = [target.address, target.port, ...alpn].join("|");
  const session = tls.sessions.get(endpoint);
  const address = { host: target.address, port: target.port, lookup: guard.lookup };
  const options: ConnectionOptions & { readonly allowHalfOpen: true; readonly highWaterMark: number } = {
    ...(target.preface === undefined ? address : { socket: connectAndSend({ ...address, preface: target.preface }) }),
    allowHalfOpen: true,
    highWaterMark: uploadQueueBytes,
    servername: tls.hostname,
    secureContext: tls.secureContext,
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    rejectUnauthorized: tls.verifies,
    checkServerIdentity: (_hostname, certificate) => tls.checkIdentity(certificate),
    ...(session === undefined ? {} : { session }),
  };
  const socket = connectTls(options);
  keepSessions(socket, tls.sessions, endpoint);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, probeAfterMs);
  const transport = new SocketTransport(socket, "copy");
  transport.attach(events, "data");
  socket.once("secureConnect", () => establish(transport, target, () => events.onConnect(socket.alpnProtocol || "")));
  return transport;
}

function establish(transport: SocketTransport, { descriptors, keepalive }: ConnectTarget, onConnect: () => void): void {
  const { socket } = transport;
  if (keepalive !== undefined) {
    const { idleSeconds, intervalSeconds, probes } = keepalive;
    socket.setKeepAlive(true, idleSeconds * 1_000, intervalSeconds * 1_000, probes);
  }
  if (descriptors.allows(socket)) transport.contain(onConnect);
  else socket.destroy(new DescriptorsUsedUpError());
}

/**
 * Keeps what the endpoint gives to resume with. Node tells of it once the certificate was found good, and not before: a resumed
 * session is not checked for its names again.
 */
function keepSessions(socket: TLSSocket, sessions: UpstreamSessions, endpoint: string): void {
  let secure = false;
  socket.on("session", (session: Buffer) => sessions.keep(endpoint, session));
  socket.once("secureConnect", () => {
    secure = true;
  });
  socket.once("error", () => {
    if (!secure) sessions.forget(endpoint);
  });
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
