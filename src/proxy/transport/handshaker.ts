import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { canonicalServerName } from "../../wire/client-hello.ts";
import type { PortTls } from "./port-tls.ts";
import type { ServerContext } from "./server-tls.ts";
import { useTicketKeys } from "./session-tickets.ts";
import { sessionLifetimeSeconds, type TicketKeys } from "./ticket-keys.ts";

export type HandshakerOptions = {
  readonly handshakeTimeoutMs: number;
  /** Offered to clients; empty: what they offer is passed over. Default: the settings'. */
  readonly alpnProtocols?: readonly string[];
  /** `undefined` refuses the handshake. */
  readonly contextFor: (serverName: string) => ServerContext | undefined;
  /** The OCSP response to send with a certificate. Default: none. */
  readonly stapleFor?: (certificate: Buffer) => Buffer | undefined;
  readonly ticketKeys: TicketKeys;
  readonly onSecure: (socket: TLSSocket) => void;
  /** `refused`: the client's certificate is not one that is let in. */
  readonly onFailed: (result: "failed" | "refused") => void;
};

/**
 * Turns accepted TCP sockets into TLS ones. A server that does not listen itself: settings that a TLS server has once and
 * for all (whether to ask for client certificates, what to show clients without a server name) change by making another
 * one, and the listening socket stays.
 */
export class Handshaker {
  readonly settings: PortTls;
  readonly handshakeTimeoutMs: number;
  readonly #server: Server;

  /**
   * Sessions are resumed across handshakers and ports of the process, as long as the authorities for client certificates are
   * the same: a resumed session is not asked for its certificate again.
   */
  constructor(settings: PortTls, options: HandshakerOptions) {
    this.settings = settings;
    this.handshakeTimeoutMs = options.handshakeTimeoutMs;
    const { handshakes, fallback } = settings;
    const resumption = settings.serverName === "during" && handshakes.resumption === "tickets";
    this.#server = createServer({
      ...alpn(options.alpnProtocols ?? handshakes.alpnProtocols),
      ...fallback?.options,
      ciphers: handshakes.cipherSuites.join(":"),
      ecdhCurve: handshakes.groups.join(":"),
      minVersion: handshakes.minVersion,
      maxVersion: handshakes.maxVersion,
      ...(handshakes.signatureAlgorithms.length === 0 ? {} : { sigalgs: handshakes.signatureAlgorithms.join(":") }),
      handshakeTimeout: options.handshakeTimeoutMs,
      sessionTimeout: sessionLifetimeSeconds,
      // A renegotiation lets one client cost as much as many handshakes; nothing of ours needs one.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (resumption ? 0 : constants.SSL_OP_NO_TICKET),
      requestCert: settings.clientAuthorities !== "",
      rejectUnauthorized: settings.demandsCertificate,
      SNICallback: (serverName, done) => {
        const context = options.contextFor(canonicalServerName(serverName));
        if (context === undefined) done(new Error("no listener is for this server name"));
        // The server's own: along with another, Node takes one certificate alone, not an RSA and an ECDSA one.
        else if (context.key === fallback?.key) done(null);
        else done(null, context.context);
      },
    });
    if (resumption) useTicketKeys(this.#server, options.ticketKeys, settings.clientAuthorities);
    this.#server.on("secureConnection", (socket) => {
      socket.allowHalfOpen = true;
      options.onSecure(socket);
    });
    this.#server.on("OCSPRequest", (certificate: Buffer, _issuer: Buffer, done: OcspAnswer) => {
      done(null, options.stapleFor?.(certificate) ?? null);
    });
    this.#server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      const unverified = socket.authorizationError !== undefined && socket.authorizationError !== null;
      options.onFailed(unverified || error.code === noCertificate ? "refused" : "failed");
      socket.destroy();
    });
  }

  accept(socket: Socket): void {
    // Whoever ends in the middle of a handshake is gone: half a handshake is of no use.
    socket.allowHalfOpen = false;
    this.#server.emit("connection", socket);
  }
}

type OcspAnswer = (error: Error | null, response: Buffer | null) => void;

/** OpenSSL's reason when a client shows no certificate where one is demanded. */
const noCertificate = "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE";

/** A server that is given an empty list would refuse every client that offers one. */
function alpn(protocols: readonly string[]): { readonly ALPNProtocols?: string[] } {
  return protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] };
}
