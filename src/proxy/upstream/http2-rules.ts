import type { Http2Settings } from "../../ir/traffic/connection-settings.ts";
import type { SessionLimits } from "../../wire/http2/session.ts";
import type { ProxyLimits } from "../limits.ts";

/** How connections of HTTP/2 to endpoints are used. */
export type Http2Rules = {
  /** Requests that share one connection, whatever the endpoint would take. */
  readonly streamsPerConnection: number;
  readonly session: SessionLimits;
  /** Without a byte while requests are open: the endpoint is asked for a sign of life. Milliseconds. */
  readonly pingAfterMs: number;
  /** For the answer to that. Then: the connection is closed. Milliseconds. */
  readonly pingTimeoutMs: number;
};

const ordinaryStreams = 100;
const ordinaryStreamWindowBytes = 65_536;
/** What every connection begins with, whatever is announced. RFC 9113 section 6.9.2. */
const leastConnectionWindowBytes = 65_535;

/** The rules of a backend; `settings`: what its policy says, 0 where it says nothing. */
export function http2Rules(settings: Http2Settings, limits: ProxyLimits): Http2Rules {
  const streamsPerConnection = settings.maxConcurrentStreams || ordinaryStreams;
  const streamWindowBytes = settings.streamWindowBytes || ordinaryStreamWindowBytes;
  return {
    streamsPerConnection,
    session: {
      maxConcurrentStreams: streamsPerConnection,
      streamWindowBytes,
      // Where nothing else is said it covers every stream's window: one client that does not read holds up its own stream and no
      // other. What waits in this process is bounded by the streams' windows.
      connectionWindowBytes: Math.max(
        leastConnectionWindowBytes,
        settings.connectionWindowBytes || Math.min(streamsPerConnection * streamWindowBytes, maxWindowBytes),
      ),
      headerListBytes: 61_440,
      // As of HTTP/1.1, and `:status`.
      headerCount: 257,
      continuationFrames: 8,
    },
    pingAfterMs: settings.pingAfterMs || limits.pingAfterMs,
    pingTimeoutMs: settings.pingTimeoutMs || limits.pingTimeoutMs,
  };
}

/** RFC 9113 section 6.9.1. */
const maxWindowBytes = 0x7fff_ffff;

/** Of a backend that no policy is about. */
export const ordinaryHttp2: Http2Settings = {
  maxConcurrentStreams: 0,
  streamWindowBytes: 0,
  connectionWindowBytes: 0,
  pingAfterMs: 0,
  pingTimeoutMs: 0,
};
