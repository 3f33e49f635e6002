/** Connections to endpoints where a policy wants them otherwise than the plane does by itself. */
export type ConnectionSettings = {
  /** Requests after which a connection is not used again. 0: no limit. */
  readonly maxRequests: number;
  /** Age at which it gets no more requests. 0: no limit. Milliseconds. */
  readonly maxAgeMs: number;
  /** Closed after this without a request. 0: as the plane does. Milliseconds. */
  readonly idleMs: number;
  /** Absent: the plane's own probes. */
  readonly keepalive?: TcpKeepalive;
  /** Each connection begins with this header, which names the client: it is that client's alone. Absent: it does not. */
  readonly proxyProtocol?: "v1" | "v2";
  /** Absent: as the plane does. */
  readonly http2?: Http2Settings;
};

/** Connections of HTTP/2; 0 everywhere: as the plane does. */
export type Http2Settings = {
  /** Requests that share a connection. */
  readonly maxConcurrentStreams: number;
  /** What an endpoint may send on a stream, and on a connection, before it has to wait. Bytes. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** Silence after which an endpoint with requests is asked for a sign of life, and what it has for that. Milliseconds. */
  readonly pingAfterMs: number;
  readonly pingTimeoutMs: number;
};

/** Probes of silent connections. */
export type TcpKeepalive = {
  /** Silence before the first. Seconds. */
  readonly idleSeconds: number;
  /** Between two. Seconds. */
  readonly intervalSeconds: number;
  /** Unanswered ones after which the connection is dead. */
  readonly probes: number;
};
