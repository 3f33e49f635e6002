import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import type { ClientCertificate } from "../client-certificate.ts";
import type { PlaneContext } from "../plane-context.ts";
import type { PortModel } from "../port-model.ts";
import type { Refusal } from "../refusal.ts";
import type { RouteRuntime } from "../route-runtime.ts";
import type { HttpListenerTable } from "../route-table.ts";

/** A client's connection, whatever it speaks, as the socket that accepted it sees it. */
export interface DownstreamConnection {
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** Ends the connection after what it is doing; an idle one gets `idleMs` for a request that is under way. */
  drain(idleMs: number): void;
  /** Soon `destroy` follows: tells clients of WebSockets, whose connections would not end by themselves. */
  goAway(): void;
  /** Ends the connection whatever is being served on it. */
  destroy(): void;
}

/** What is known of a TLS connection from its handshake. */
export type ConnectionSecurity = {
  /**
   * Lower case; `""` when the client sent none. `undefined` for a resumed session of TLS 1.2, of which OpenSSL does not tell it:
   * the host of the first request takes its place. Sessions are only resumed where all listeners check clients alike.
   */
  serverName: string | undefined;
  /** The client showed a certificate that the listener's authorities vouch for. */
  readonly authorized: boolean;
  /** `undefined`: the port asks for none. */
  readonly clientCertificate?: ClientCertificate | undefined;
};

/** What a connection needs of the socket that accepted it. */
export interface ConnectionOwner {
  /** Of the port, in force now. */
  readonly context: PlaneContext;
  /** In force now. */
  readonly model: PortModel;
  /** The listener that a TLS connection with a server name is for in `model`; `undefined` when there is none, or none that lets it in. */
  tlsListener(security: ConnectionSecurity, model: PortModel): HttpListenerTable<RouteRuntime> | undefined;
  /** Connections are to end after what they are doing. */
  readonly draining: boolean;
  onConnectionClosed(connection: DownstreamConnection): void;
  /** A clear connection turned out to speak HTTP/2: `next` serves it from now on. */
  onConnectionReplaced(connection: DownstreamConnection, next: DownstreamConnection): void;
  /** A request was refused before routing; `undefined`: a whole connection was, without one. */
  onRefused(flag: ResponseFlag, refusal: Refusal | undefined): void;
  /** Something threw that never should. */
  onBug(error: unknown): void;
}
