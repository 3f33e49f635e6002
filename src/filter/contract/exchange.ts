import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import type { LocalReply } from "./local-reply.ts";
import type { ClientConnections } from "./own-request.ts";

/** Who a client is by its certificate. */
export type ClientIdentity = {
  /** Distinguished name as RFC 4514 writes it, such as `CN=shop,O=Example`. */
  readonly subject: string;
  /** Subject alternative names. */
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  /** SHA-256, lower-case hexadecimal digits. */
  readonly fingerprint: string;
};

/** A certificate as a client has shown it, whoever vouches for it: what it says need not be true. */
export type ClientCredential = {
  /** Distinguished names as RFC 4514 writes them. */
  readonly subject: string;
  readonly issuer: string;
  /** Why it was not found good; `vouching`: only because no authority that is trusted vouches for it. */
  readonly fault: { readonly message: string; readonly vouching: boolean } | undefined;
  /** The certificate as PEM. */
  pem(): string;
};

/** What is known of a request besides its head, whatever the protocol. Holds as long as the exchange does. */
export interface RequestFacts {
  /** Of the client's connection. */
  readonly scheme: "http" | "https";
  /** `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`. */
  readonly protocol: string;
  /** A gRPC call of a client that speaks HTTP/2. */
  readonly grpc: boolean;
  readonly method: string;
  /** As the client asked: lower case, without port. */
  readonly host: string;
  /** As the client asked, in its spelling. */
  readonly spelledPath: string;
  /** As the client asked, without `?`. */
  readonly query: string;
  /** Port that clients use for this listener. */
  readonly listenerPort: number;
  /** Of the client, as far as it can be trusted; without port. */
  readonly clientAddress: string;
  /** How far the client's certificate was found good; `none` also where none was asked for. */
  readonly clientCertificate: "verified" | "unverified" | "none";
  /** What the certificate says of the client; `undefined` unless it was found good. */
  readonly clientIdentity: ClientIdentity | undefined;
  /** The certificate that the client has shown; `undefined`: none. */
  readonly clientCredential: ClientCredential | undefined;
  /** The value of the prefix match that chose the rule; `undefined` for other matches, and before there is a rule. */
  readonly matchedPrefix: string | undefined;
  /** `Origin` as the client sent it; `undefined` when absent, and before there is a rule. */
  readonly origin: string | undefined;
  /** What the client of a cross-origin request sent to prove who it is: a Cookie header, else an Authorization header. */
  readonly credentials: "cookie" | "authorization" | "none";
  readonly requestId: string;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** When the request came. Milliseconds since the epoch. */
  readonly startMs: number;
  /** For requests of a filter's own that carry the client's credentials. */
  readonly client: ClientConnections;
}

/** What earlier filters have found out for later ones. Empty when a request begins; whoever knows better overwrites it. */
export interface Established {
  /** Who the client was shown to be; `undefined`: nobody has looked, or nobody is known. */
  principal: string | undefined;
  /** Of the token that showed it. */
  claims: Readonly<Record<string, unknown>> | undefined;
  /** Name of the provider of that token, as its policy has it. */
  tokenProvider: string | undefined;
}

/** The answer of a hook that has to wait: exactly one `resume` follows, unless the hook is cancelled. */
export const waiting = Symbol("waiting");
export type Waiting = typeof waiting;

/** What a hook decides: go on, or answer with this. */
export type Verdict = LocalReply | undefined;

/** One exchange as one filter sees it: what is known, and what the filter itself keeps of it. One object for all its hooks. */
export interface FilterExchange {
  readonly facts: RequestFacts;
  readonly established: Established;
  /** The filter's own, `undefined` when a request begins. No other filter sees it; gone when the exchange is over. */
  state: unknown;
  /**
   * Goes on after a hook has answered {@link waiting}; may come before it has. Ignored when nobody waits, so that a second
   * call, or one after `cancel`, does nothing until the next time that this filter waits on this object.
   */
  resume(verdict: Verdict): void;
}

/** How an exchange ended. */
export interface ExchangeOutcome {
  /** HTTP status that the client was sent; the log's 499 when it left before. */
  readonly status: number;
  /** Of the backend's answer; 0: none was passed on. */
  readonly upstreamStatus: number;
  /** Of a gRPC call; -1: it is none. */
  readonly grpcStatus: number;
  readonly flag: ResponseFlag;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds. */
  readonly durationMs: number;
  /** From the first attempt on; -1: no endpoint was asked. Milliseconds. */
  readonly upstreamMs: number;
  /** Endpoints that were asked, counting each time. */
  readonly attempts: number;
  /** Label of the one that was asked last; `""`: none. */
  readonly endpoint: string;
}
