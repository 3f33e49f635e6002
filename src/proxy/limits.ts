import { defaultSessionLimits, type SessionLimits } from "../wire/http2/session.ts";

/**
 * Every limit and timeout of the embedded plane, in one place. All of them have a default that suits a gateway in front
 * of ordinary services; none can be switched off by a client.
 */
export type ProxyLimits = {
  /** Request line and header fields of one request, together. Above: 431. Bytes. */
  readonly headBytes: number;
  /** Request target alone. Above: 414. Bytes. */
  readonly targetBytes: number;
  /** Request body. Above: 413. `Infinity`: no limit. Bytes. */
  readonly requestBodyBytes: number;
  /** Status line and header fields of one upstream answer. Above: 502. Bytes. */
  readonly responseHeadBytes: number;
  /** Bytes kept of a request body so that it can be sent again. A larger body is not retried. Bytes. */
  readonly replayBytes: number;
  /** Bytes of a request body copied for a mirror. A request with a larger body is not mirrored. Bytes. */
  readonly mirrorBodyBytes: number;
  /** Mirrored requests in flight at one mirror; further ones are dropped and counted. */
  readonly mirrorsInFlight: number;
  /** Connections accepted on one port; further ones are closed at once. */
  readonly connectionsPerPort: number;
  /** Requests served on one downstream connection before it is closed. `Infinity`: no limit. */
  readonly requestsPerConnection: number;
  /** From a request's first byte to the end of its head. Then: 408. */
  readonly headerTimeoutMs: number;
  /** Keep-alive without a request. Then: closed without a word. */
  readonly idleTimeoutMs: number;
  /** Without a byte of a request body that is not complete, while it is waited for and no answer has begun. Then: 408. */
  readonly requestStallMs: number;
  /** What such a body has to come with, over no longer than `requestStallMs`. gRPC calls are free of it. Then: 408. 0: no limit. Bytes a second. */
  readonly requestBodyRate: number;
  /** Such a body as a whole, gRPC calls aside. Then: 408. `Infinity`: no limit. */
  readonly requestBodyTimeoutMs: number;
  /** A body in chunks that does not begin is announced to an HTTP/1.1 backend after this: its client may wait for the backend to speak first. */
  readonly bodyHoldMs: number;
  /** A request whose body its client has been silent about for this long may have to give its place at a full endpoint to another one of that client. */
  readonly bodyPatienceMs: number;
  /** Without a byte from an upstream that owes an answer or the rest of one, where the route says nothing of its time. Then: 504, or a reset when the answer has begun. */
  readonly responseStallMs: number;
  /** A client that takes none of what is waiting for it. Then: closed. */
  readonly writeStallMs: number;
  /** An upgraded connection on which nothing moves in either direction. Then: closed. */
  readonly tunnelIdleMs: number;
  /** From accept to the end of the TLS handshake. Then: closed. */
  readonly handshakeTimeoutMs: number;
  /** After our last byte, for the client to read it and close. Then: closed. */
  readonly lingerMs: number;
  /** For a client of HTTP/2 to read an answer that came before its request was complete, and to stop. Then: RST_STREAM. */
  readonly earlyAnswerMs: number;
  /** Idle connections kept for one endpoint. */
  readonly idlePerEndpoint: number;
  /** Connections of any state to one endpoint. Then: 503. */
  readonly connectionsPerEndpoint: number;
  /** An idle upstream connection is closed after this, before most servers close it from their side; a second before what its Keep-Alive says. */
  readonly upstreamIdleMs: number;
  /** Endpoints that are tried when connecting fails before anything is sent. */
  readonly connectAttempts: number;
  /** An endpoint that refused a connection is passed over for this long; doubled by each further failure, to 32 times. */
  readonly endpointBackoffMs: number;
  /** A question to an authorisation server, from asking to the end of the answer. Then: 403. */
  readonly authTimeoutMs: number;
  /** Answer of an authorisation server, head and body as they came. Above: 403. Bytes. */
  readonly authAnswerBytes: number;
  /** How long spans wait for others before they are sent together. */
  readonly spanDelayMs: number;
  /** One request with spans to a collector. */
  readonly spanExportTimeoutMs: number;
  /** How long connections of a listener that is gone may finish what they do. */
  readonly drainTimeoutMs: number;
  /** From accept to the end of the ClientHello, on ports with a TLS listener. Then: closed. */
  readonly helloTimeoutMs: number;
  /** From accept to the end of the PROXY header that a trusted proxy owes. Then: closed. */
  readonly proxyHeaderTimeoutMs: number;
  /** A TCP or TLS stream on which nothing moves in either direction. Then: reset. */
  readonly streamIdleMs: number;
  /** Client sessions of one UDP listener. A further one takes the place of the one that was idle for longest. */
  readonly udpSessions: number;
  /** A UDP session without a datagram in either direction. Then: forgotten. */
  readonly udpIdleMs: number;
  /** Datagrams that wait for a socket to take them, for one session and direction. Further ones are dropped. Bytes. */
  readonly udpQueueBytes: number;
  /** Without a byte from an HTTP/2 endpoint that has requests to answer: it is asked for a sign of life by PING. Longer than the five minutes below which gRPC servers take that for abuse. */
  readonly pingAfterMs: number;
  /** For the answer to that. Then: the connection is closed. */
  readonly pingTimeoutMs: number;
  /** What a client may ask of one HTTP/2 connection. */
  readonly http2: SessionLimits;
  /** Resolution of the timeouts above (those of a route are exact). */
  readonly tickMs: number;
};

export const defaultLimits: ProxyLimits = {
  headBytes: 64 * 1024,
  targetBytes: 16 * 1024,
  requestBodyBytes: Number.POSITIVE_INFINITY,
  responseHeadBytes: 64 * 1024,
  replayBytes: 64 * 1024,
  mirrorBodyBytes: 64 * 1024,
  mirrorsInFlight: 128,
  connectionsPerPort: 65_536,
  requestsPerConnection: Number.POSITIVE_INFINITY,
  headerTimeoutMs: 10_000,
  idleTimeoutMs: 75_000,
  requestStallMs: 60_000,
  requestBodyRate: 240,
  requestBodyTimeoutMs: Number.POSITIVE_INFINITY,
  bodyHoldMs: 5_000,
  bodyPatienceMs: 1_000,
  responseStallMs: 300_000,
  writeStallMs: 60_000,
  tunnelIdleMs: 3_600_000,
  handshakeTimeoutMs: 10_000,
  lingerMs: 2_000,
  earlyAnswerMs: 500,
  idlePerEndpoint: 128,
  connectionsPerEndpoint: 4_096,
  upstreamIdleMs: 55_000,
  connectAttempts: 3,
  endpointBackoffMs: 1_000,
  authTimeoutMs: 5_000,
  authAnswerBytes: 64 * 1024,
  spanDelayMs: 1_000,
  spanExportTimeoutMs: 10_000,
  drainTimeoutMs: 30_000,
  helloTimeoutMs: 5_000,
  proxyHeaderTimeoutMs: 5_000,
  streamIdleMs: 3_600_000,
  udpSessions: 10_000,
  udpIdleMs: 60_000,
  udpQueueBytes: 64 * 1024,
  pingAfterMs: 330_000,
  pingTimeoutMs: 20_000,
  http2: defaultSessionLimits,
  tickMs: 100,
};
