import { type Forwarding, standardForwarding } from "./forwarding.ts";

/**
 * What a listener grants its clients and believes of them. Every value is resolved, so that all kinds of plane agree: none
 * applies a default. Listeners of one port share connections; where a value counts before a connection's listener is known,
 * planes take that of the port's first listener, and {@link sharedBy} says which values these are. 0 as a limit is none.
 */
export type ListenerSettings = {
  /** Which proxies in front are believed. */
  readonly trust: {
    /** Proxies between the clients and the gateway whose word counts, 0 to 32. */
    readonly trustedHops: number;
    /** The one list that those proxies maintain. The other is dropped: a client could have written it. */
    readonly source: "x-forwarded-for" | "forwarded";
  };
  /**
   * Networks (CIDR) of proxies whose X-Forwarded-For counts, whatever their number: the client is the last address outside of
   * them. Empty: `trust.trustedHops` counts.
   */
  readonly trustedNetworks: readonly string[];
  /**
   * Lower-case header that names the client's address, whoever sends it; it counts before anything else. With
   * `trustedNetworks`, it is what proxies in those maintain in place of X-Forwarded-For. `""`: none.
   */
  readonly clientAddressHeader: string;
  /** What backends are told of the client. */
  readonly forwarding: Forwarding;
  /**
   * Bytes that names of request fields may have: those of HTTP's tokens, or letters, digits and hyphens alone, or underscores
   * beside them. Fields with other names are dropped before anybody sees them.
   */
  readonly fieldNames: "tokens" | "underscored" | "hyphenated";
  /** X-Request-Id. `keep`: the client's, else a new one. `replace`: always a new one. `pass`: the client's or none. `drop`: none. */
  readonly requestId: "keep" | "replace" | "pass" | "drop";
  /**
   * What backends are told of client certificates in X-Forwarded-Client-Cert. `off`: nothing. `sanitize`: what the gateway saw
   * itself. `append`: that, behind what trusted proxies have sent. The header of anybody else is dropped.
   */
  readonly forwardClientCertificate: "off" | "sanitize" | "append";
  /** Networks (CIDR) of proxies whose connections begin with a PROXY header; those of others must not. */
  readonly proxyProtocolFrom: readonly string[];
  /** Whether those proxies may leave the header out. */
  readonly proxyProtocol: "required" | "optional";
  /** `resolved`: `//`, `.` and `..` in paths are merged and resolved. `asSent`: paths are matched and forwarded as they come. */
  readonly paths: "resolved" | "asSent";
  /** Request line and header fields of one request, together. Above: 431. Bytes. */
  readonly headBytes: number;
  /** Request target alone. Above: 414. Bytes. */
  readonly targetBytes: number;
  /** Request body. Above: 413. 0: no limit. Bytes. */
  readonly requestBodyBytes: number;
  /** Connections accepted on one port; further ones are closed at once. */
  readonly connectionsPerPort: number;
  /** Requests served on one connection before it is closed. 0: no limit. */
  readonly requestsPerConnection: number;
  /** Age at which a connection for HTTP ends, after the requests on it. 0: none. */
  readonly connectionAgeMs: number;
  /** Probes of connections on which nothing moves. */
  readonly keepalive: {
    /** Silence before the first. Milliseconds, in whole seconds. */
    readonly idleMs: number;
    /** Between two. 0: what the system does. Milliseconds, in whole seconds. */
    readonly intervalMs: number;
    /** Unanswered ones after which a connection is dead. 0: what the system does. */
    readonly probes: number;
  };
  /** From accept to the end of the TLS handshake. Then: closed. */
  readonly handshakeTimeoutMs: number;
  /** From accept to the end of the ClientHello, where it decides what comes next. Then: closed. */
  readonly helloTimeoutMs: number;
  /** From accept to the end of the PROXY header that a trusted proxy owes. Then: closed. */
  readonly proxyHeaderTimeoutMs: number;
  /** From a request's first byte to the end of its head. Then: 408. */
  readonly headerTimeoutMs: number;
  /** Keep-alive without a request. Then: closed without a word. */
  readonly idleTimeoutMs: number;
  /** Without a byte of a request body that is not complete, while it is waited for and no answer has begun. Then: 408. */
  readonly requestStallMs: number;
  /** What such a body has to come with, over no longer than `requestStallMs`. gRPC calls are free of it. Then: 408. 0: no limit. Bytes a second. */
  readonly requestBodyRate: number;
  /** Such a body as a whole, gRPC calls aside. Then: 408. 0: no limit. */
  readonly requestBodyTimeoutMs: number;
  /** A request and its answer as a whole, whatever the route grants. Then: 504, or a reset when the answer has begun. 0: no limit. */
  readonly exchangeMs: number;
  /** Nothing moves on a request, its answer or an upgraded connection. Then: 408, 504 or a reset. 0: what the plane does. */
  readonly exchangeIdleMs: number;
  /** A client that takes none of what is waiting for it. Then: closed. */
  readonly writeStallMs: number;
  /** A TCP or TLS stream on which nothing moves in either direction. Then: reset. */
  readonly streamIdleMs: number;
  /** What a client may ask of one HTTP/2 connection. */
  readonly http2: {
    /** Streams that it may have open at a time. */
    readonly maxConcurrentStreams: number;
    /** Receive window of a stream. Bytes. */
    readonly streamWindowBytes: number;
    /** Receive window of the connection. Bytes. */
    readonly connectionWindowBytes: number;
    /** Of one header block, uncompressed, as the specification counts it (name + value + 32 each). Bytes. */
    readonly headerListBytes: number;
    /** Fields of one header block, pseudo-headers included. */
    readonly headerCount: number;
    /** Frames that one header block may be spread over. */
    readonly continuationFrames: number;
  };
};

/** What suits a gateway in front of ordinary services: in force where nobody says otherwise. */
export const defaultListenerSettings: ListenerSettings = {
  trust: { trustedHops: 0, source: "x-forwarded-for" },
  trustedNetworks: [],
  clientAddressHeader: "",
  forwarding: standardForwarding,
  fieldNames: "tokens",
  requestId: "keep",
  forwardClientCertificate: "off",
  proxyProtocolFrom: [],
  proxyProtocol: "required",
  paths: "resolved",
  headBytes: 64 * 1024,
  targetBytes: 16 * 1024,
  requestBodyBytes: 0,
  connectionsPerPort: 65_536,
  requestsPerConnection: 0,
  connectionAgeMs: 0,
  keepalive: { idleMs: 60_000, intervalMs: 0, probes: 0 },
  handshakeTimeoutMs: 10_000,
  helloTimeoutMs: 5_000,
  proxyHeaderTimeoutMs: 5_000,
  headerTimeoutMs: 10_000,
  idleTimeoutMs: 75_000,
  requestStallMs: 60_000,
  requestBodyRate: 240,
  requestBodyTimeoutMs: 0,
  exchangeMs: 0,
  exchangeIdleMs: 0,
  writeStallMs: 60_000,
  streamIdleMs: 3_600_000,
  http2: {
    maxConcurrentStreams: 100,
    streamWindowBytes: 65_536,
    connectionWindowBytes: 1_048_576,
    headerListBytes: 61_440,
    // As many header lines as HTTP/1.1 allows, and four pseudo-headers.
    headerCount: 132,
    continuationFrames: 8,
  },
};

/** Whose word counts for a value where listeners share a port: each listener's own, or that of the port's first. */
export const sharedBy = {
  trust: "listener",
  trustedNetworks: "listener",
  clientAddressHeader: "listener",
  forwarding: "listener",
  fieldNames: "listener",
  requestId: "listener",
  forwardClientCertificate: "listener",
  proxyProtocolFrom: "port",
  proxyProtocol: "port",
  paths: "listener",
  headBytes: "port",
  targetBytes: "port",
  requestBodyBytes: "port",
  connectionsPerPort: "port",
  requestsPerConnection: "port",
  connectionAgeMs: "port",
  keepalive: "port",
  handshakeTimeoutMs: "port",
  helloTimeoutMs: "port",
  proxyHeaderTimeoutMs: "port",
  headerTimeoutMs: "port",
  idleTimeoutMs: "port",
  requestStallMs: "port",
  requestBodyRate: "port",
  requestBodyTimeoutMs: "port",
  exchangeMs: "listener",
  exchangeIdleMs: "port",
  writeStallMs: "port",
  streamIdleMs: "port",
  http2: "port",
} as const satisfies Readonly<Record<keyof ListenerSettings, "listener" | "port">>;
