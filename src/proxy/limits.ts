import type { ListenerSettings } from "../ir/listener-settings.ts";

/** Settings of listeners that are limits. Here, what is without limit is `Infinity`. */
type ListenerLimits = Pick<
  ListenerSettings,
  | "headBytes"
  | "targetBytes"
  | "requestBodyBytes"
  | "connectionsPerPort"
  | "requestsPerConnection"
  | "headerTimeoutMs"
  | "idleTimeoutMs"
  | "requestStallMs"
  | "requestBodyRate"
  | "requestBodyTimeoutMs"
  | "connectionAgeMs"
  | "writeStallMs"
  | "handshakeTimeoutMs"
  | "helloTimeoutMs"
  | "proxyHeaderTimeoutMs"
  | "streamIdleMs"
  | "http2"
>;

/** Every limit and timeout that the embedded plane goes by: its own, and those of the listeners of a port. */
export type ProxyLimits = PlaneLimits & ListenerLimits;

/**
 * The embedded plane's own limits and timeouts, in one place. All of them have a default that suits a gateway in front of
 * ordinary services; none can be switched off by a client.
 */
export type PlaneLimits = {
  /** Status line and header fields of one upstream answer. Above: 502. Bytes. */
  readonly responseHeadBytes: number;
  /** Bytes kept of a request body so that it can be sent again. A larger body is not retried. Bytes. */
  readonly replayBytes: number;
  /** Request bodies that wait to be complete, together, of requests that may also go on without waiting. Bytes. */
  readonly heldContentBytes: number;
  /** Bytes of a request body copied for a mirror. A request with a larger body is not mirrored. Bytes. */
  readonly mirrorBodyBytes: number;
  /** Mirrored requests in flight at one mirror; further ones are dropped and counted. */
  readonly mirrorsInFlight: number;
  /** A body in chunks that does not begin is announced to an HTTP/1.1 backend after this: its client may wait for the backend to speak first. */
  readonly bodyHoldMs: number;
  /** A request whose body its client has been silent about for this long may have to give its place at a full endpoint to another one of that client. */
  readonly bodyPatienceMs: number;
  /** Without a byte from an upstream that owes an answer or the rest of one, where the route says nothing of its time. Then: 504, or a reset when the answer has begun. */
  readonly responseStallMs: number;
  /** An upgraded connection on which nothing moves in either direction. Then: closed. */
  readonly tunnelIdleMs: number;
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
  /** Resolution of the timeouts above (those of a route are exact). */
  readonly tickMs: number;
};

export const defaultLimits: PlaneLimits = {
  responseHeadBytes: 64 * 1024,
  replayBytes: 64 * 1024,
  heldContentBytes: 64 * 1024 * 1024,
  mirrorBodyBytes: 64 * 1024,
  mirrorsInFlight: 128,
  bodyHoldMs: 5_000,
  bodyPatienceMs: 1_000,
  responseStallMs: 300_000,
  tunnelIdleMs: 3_600_000,
  lingerMs: 2_000,
  earlyAnswerMs: 500,
  idlePerEndpoint: 128,
  connectionsPerEndpoint: 4_096,
  upstreamIdleMs: 55_000,
  endpointBackoffMs: 1_000,
  authTimeoutMs: 5_000,
  authAnswerBytes: 64 * 1024,
  spanDelayMs: 1_000,
  spanExportTimeoutMs: 10_000,
  drainTimeoutMs: 30_000,
  udpSessions: 10_000,
  udpIdleMs: 60_000,
  udpQueueBytes: 64 * 1024,
  pingAfterMs: 330_000,
  pingTimeoutMs: 20_000,
  tickMs: 100,
};

/** The limits of a port: the plane's own, and what the settings of its listeners say. */
export function limitsOf(own: PlaneLimits, settings: ListenerSettings): ProxyLimits {
  const { exchangeIdleMs } = settings;
  const silent = exchangeIdleMs === 0 ? {} : { responseStallMs: exchangeIdleMs, tunnelIdleMs: exchangeIdleMs };
  return {
    ...own,
    ...settings,
    ...silent,
    requestBodyBytes: orUnlimited(settings.requestBodyBytes),
    requestsPerConnection: orUnlimited(settings.requestsPerConnection),
    requestBodyTimeoutMs: orUnlimited(settings.requestBodyTimeoutMs),
    connectionAgeMs: orUnlimited(settings.connectionAgeMs),
    headerTimeoutMs: orUnlimited(settings.headerTimeoutMs),
    idleTimeoutMs: orUnlimited(settings.idleTimeoutMs),
    requestStallMs: orUnlimited(settings.requestStallMs),
    writeStallMs: orUnlimited(settings.writeStallMs),
    streamIdleMs: orUnlimited(settings.streamIdleMs),
    helloTimeoutMs: orUnlimited(settings.helloTimeoutMs),
    proxyHeaderTimeoutMs: orUnlimited(settings.proxyHeaderTimeoutMs),
  };
}

function orUnlimited(limit: number): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
