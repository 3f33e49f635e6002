/** Settings of connections that clients' and backends' have in common. */
import { z } from "zod";
import { optional } from "../optional.ts";
import { duration } from "../text.ts";
import { byteSize, uint32 } from "./sizes.ts";

/** Spec: TCPKeepalive. */
export const tcpKeepalive = z.object({
  probes: optional(uint32, "Unanswered probes after which a connection is dead."),
  idleTime: optional(duration, "Time without data after which probes begin."),
  interval: optional(duration, "Time between probes."),
});

/** Spec: HTTP2Settings. */
export const http2 = z.object({
  initialStreamWindowSize: optional(byteSize, "Bytes that a peer may send on a stream before it must wait."),
  initialConnectionWindowSize: optional(byteSize, "Bytes that a peer may send on a connection before it must wait."),
  maxConcurrentStreams: optional(z.int().min(1).max(2147483647), "Streams of a connection at a time."),
  onInvalidMessage: optional(
    z.enum(["TerminateConnection", "TerminateStream"]),
    "What ends after an invalid message. Default: the connection.",
  ),
  connectionKeepalive: optional(
    z.object({
      interval: optional(duration, "Time between pings."),
      timeout: optional(duration, "Time that a ping may stay unanswered."),
      intervalJitter: optional(z.int32().min(0).max(100), "Percent by which interval is varied."),
      idleInterval: optional(duration, "Time without data after which a ping is sent before the next request."),
    }),
    "Pings that find dead connections.",
  ),
});
