import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type SecureContext, type Server, type TLSSocket } from "node:tls";
import type { PortTls } from "../port-model.ts";
import { tlsCiphers, tlsCurves } from "./tls-profile.ts";

const ticketKeyBytes = 48;

export type HandshakerOptions = {
  readonly handshakeTimeoutMs: number;
  /** Offered to clients; empty: what they offer is passed over. Default: HTTP's. */
  readonly alpnProtocols?: readonly string[];
  /** `undefined` refuses the handshake. */
  readonly contextFor: (serverName: string) => SecureContext | undefined;
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onFailed: () => void;
};

/**
 * Turns accepted TCP sockets into TLS ones. A server that does not listen itself: settings that a TLS server has once and
 * for all (whether to ask for client certificates, what to show clients without a server name) change by making another
 * one, and the listening socket stays.
 */
export class Handshaker {
  readonly settings: PortTls;
  readonly #server: Server;
  readonly #ticketKeys: Buffer;

  /** Sessions of `previous` may be resumed unless the authorities for client certificates changed: those are not asked again. */
  constructor(settings: PortTls, previous: Handshaker | undefined, options: HandshakerOptions) {
    this.settings = settings;
    const resumable = previous !== undefined && previous.settings.clientAuthorities === settings.clientAuthorities;
    this.#ticketKeys = resumable ? previous.#ticketKeys : randomBytes(ticketKeyBytes);
    this.#server = createServer({
      ...alpn(options.alpnProtocols ?? ["http/1.1"]),
      ciphers: tlsCiphers,
      ecdhCurve: tlsCurves,
      minVersion: "TLSv1.2",
      ...settings.fallback?.options,
      allowHalfOpen: true,
      handshakeTimeout: options.handshakeTimeoutMs,
      ticketKeys: this.#ticketKeys,
      requestCert: settings.clientAuthorities !== "",
      rejectUnauthorized: false,
      SNICallback: (serverName, done) => {
        const context = options.contextFor(serverName.toLowerCase());
        if (context === undefined) done(new Error("no listener is for this server name"));
        else done(null, context);
      },
    });
    this.#server.on("secureConnection", options.onSecure);
    this.#server.on("tlsClientError", (_error, socket) => {
      options.onFailed();
      socket.destroy();
    });
  }

  accept(socket: Socket): void {
    this.#server.emit("connection", socket);
  }
}

/** A server that is given an empty list would refuse every client that offers one. */
function alpn(protocols: readonly string[]): { readonly ALPNProtocols?: string[] } {
  return protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] };
}
