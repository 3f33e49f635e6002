import type { RequestHead } from "../chain.ts";

/** What an authorisation server may be told of a request: as it stands when the filter runs, with earlier filters' changes. */
export interface AuthSubject extends RequestHead {
  /** Lower-case names of all header fields but those that the gateway writes anew or that concern one connection. */
  headerNames(): readonly string[];
  /** Host as it will be sent, with its port. */
  sentHost(): string;
  /** Path and query as they will be sent. */
  sentTarget(): string;
}

/** What the gateway itself knows of a request. */
export type AuthFacts = {
  /** The lines that the gateway adds to every request, CR LF after each: who the client is, ids of request and trace. */
  readonly ownLines: string;
  readonly clientAddress: string;
  readonly listenerPort: number;
  readonly scheme: "http" | "https";
  readonly requestId: string;
  readonly protocol: string;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Content to be forwarded; empty when the filter forwards none. */
  readonly body: Buffer;
};

/** Fields that the gateway writes itself, or that concern one connection: never taken from a client or an authorisation server. */
export const ownFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "traceparent",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-request-id",
]);
