/**
 * What a backend is told of the client: X-Forwarded-For, -Proto, -Host and -Port, and Forwarded.
 *
 * By default nobody is trusted: what came is dropped and our own is written. Behind trusted proxies, `wire/forwarded.ts`
 * says which part of what came is believed. Forwarded (RFC 7239) is sent only when it is the list that trusted proxies
 * keep: backends that know both lists would otherwise have two answers to choose from.
 *
 * Via is passed on and not added: several servers answer less well (without compression) when they see it, and gateways in
 * use do not add it. Server is the backend's own; our own answers have none.
 */

import { type ForwardedTrust, type ForwardedView, readForwarded, tellsOfUrls } from "../wire/forwarded.ts";
import type { ReceivedRequest } from "../wire/head/received-request.ts";
import { RequestField } from "../wire/http1/known-field.ts";
import { type ClientCertificate, type ClientCertificateForwarding, noClientCertificate } from "./client-certificate.ts";
import { plainAddress } from "./transport/client-address.ts";
import { PrivateUpstreams } from "./upstream/private-upstreams.ts";

export type ClientView = {
  /** Header lines to send, CR LF after each. */
  readonly lines: string;
  /** Of the client, as far as it can be trusted; for logs. */
  readonly address: string;
  /** Host that the backend is asked for; `undefined`: as the client sent it. */
  readonly sentHost: string | undefined;
};

/** Who asked for what, as far as proxies in front are believed. `host` is with its port, as it was sent. */
export type TrustedView = {
  readonly address: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
};

export type PeerOptions = {
  readonly scheme: "http" | "https";
  /** Port that the client used. */
  readonly port: number;
  /** Address that the client connected to. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Of the client. */
  readonly remotePort: number;
  /** SNI; `""` without one. */
  readonly serverName: string;
  readonly clientCertificate: ClientCertificate | undefined;
};

export type Peer = {
  readonly address: string;
  readonly scheme: "http" | "https";
  /** Port that the client used. */
  readonly port: number;
  /** Our own lines but X-Forwarded-Host: made once for each connection. */
  readonly ownLines: string;
  /** Host of requests that name none, as HTTP/1.0 may: the SNI; `""` without one. */
  readonly serverName: string;
  /** Host to send for such requests: the SNI, else the address that the client connected to; with the port where it is odd. */
  readonly ownHost: string;
  readonly clientCertificate: ClientCertificate;
  /** Connections to endpoints that are this client's alone. */
  readonly upstreams: PrivateUpstreams;
};

/** `clientCertificate` is that of a TLS connection whose port asks for one. */
export function makePeer(address: string, options: PeerOptions): Peer {
  const { scheme, port, localAddress, serverName, clientCertificate = noClientCertificate } = options;
  const plain = plainAddress(address);
  const certificateLine = clientCertificateLine(clientCertificate.element);
  const ownLines = `${certificateLine}x-forwarded-for: ${plain}\r\nx-forwarded-proto: ${scheme}\r\nx-forwarded-port: ${port}\r\n`;
  const local = plainAddress(localAddress);
  const host = serverName || (local.includes(":") ? `[${local}]` : local);
  const ownHost = port === (scheme === "http" ? 80 : 443) ? host : `${host}:${port}`;
  const upstreams = new PrivateUpstreams({
    sourceAddress: plain,
    sourcePort: options.remotePort,
    destinationAddress: local,
    destinationPort: options.localPort,
  });
  return { address: plain, scheme, port, ownLines, serverName, ownHost, clientCertificate, upstreams };
}

/** The line for a host as the client sent it; none when it sent none. */
export function forwardedHostLine(host: string): string {
  return host === "" ? "" : `x-forwarded-host: ${host}\r\n`;
}

function clientCertificateLine(value: string): string {
  return value === "" ? "" : `x-forwarded-client-cert: ${value}\r\n`;
}

/** X-Forwarded-Client-Cert of a request that came through trusted proxies. */
export function forwardClientCertificate(
  forwarding: ClientCertificateForwarding,
  peer: Peer,
  received: ReceivedRequest,
): string {
  const earlier = forwarding === "append" ? (received.header("x-forwarded-client-cert") ?? "") : "";
  const own = peer.clientCertificate.element;
  return clientCertificateLine([earlier, own].filter((part) => part !== "").join(","));
}

/** What trusted proxies tell of a request. */
export function trustedView(
  trust: ForwardedTrust,
  peer: Peer,
  received: ReceivedRequest,
): ForwardedView & { readonly port: number } {
  const view = readForwarded(
    trust,
    {
      xForwardedFor: received.header("x-forwarded-for"),
      xForwardedProto: received.header("x-forwarded-proto"),
      xForwardedHost: received.header("x-forwarded-host"),
      forwarded: received.header("forwarded"),
      named: trust.header === "" ? undefined : received.header(trust.header),
    },
    { address: peer.address, scheme: peer.scheme, host: received.hostText },
  );
  const told = tellsOfUrls(trust) ? received.known(RequestField.xForwardedPort) : undefined;
  return { ...view, port: readPort(told) ?? peer.port };
}

/** The view of a request that came through trusted proxies, as backends are told by default. */
export function forwardTrusted(trust: ForwardedTrust, peer: Peer, received: ReceivedRequest): ClientView {
  const { port, ...view } = trustedView(trust, peer, received);
  let lines =
    `x-forwarded-for: ${view.xForwardedFor}\r\nx-forwarded-proto: ${view.scheme}\r\n` +
    `x-forwarded-port: ${port}\r\n${forwardedHostLine(view.host)}`;
  if (trust.source === "forwarded") lines += `forwarded: ${view.forwarded}\r\n`;
  return { lines, address: view.clientAddress, sentHost: undefined };
}

/** A port from 1 to 65535 in decimal digits. */
function readPort(text: string | undefined): number | undefined {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
