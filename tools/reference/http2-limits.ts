import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import { defaultLimits, limitsOf } from "../../src/proxy/limits.ts";
import { abuseBuckets } from "../../src/wire/http2/abuse-budget.ts";
import { maxFrameBytes } from "../../src/wire/http2/frame.ts";
import { maxAnswersWaiting } from "../../src/wire/http2/peer-faults.ts";

const seconds = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`);
const kib = (bytes: number): string => (bytes % 1_048_576 === 0 ? `${bytes / 1_048_576} MiB` : `${bytes / 1024} KiB`);

/** The table of limits in `docs/reference/http2.md`. */
export function renderHttp2Limits(): string {
  const limits = limitsOf(defaultLimits, defaultListenerSettings);
  const { http2 } = limits;
  const { control, reset } = abuseBuckets;
  const requests = limits.requestsPerConnection;
  const rows: readonly (readonly [what: string, limit: string, then: string])[] = [
    ["Concurrent streams", String(http2.maxConcurrentStreams), "`REFUSED_STREAM`"],
    ["Window of a stream", kib(http2.streamWindowBytes), "`FLOW_CONTROL_ERROR`"],
    ["Window of the connection", kib(http2.connectionWindowBytes), "`FLOW_CONTROL_ERROR`, closed"],
    ["Frame", kib(maxFrameBytes), "`FRAME_SIZE_ERROR`, closed"],
    ["Header list (names, values and 32 bytes per field)", kib(http2.headerListBytes), "431; far above: closed"],
    ["Header fields", String(http2.headerCount), "431"],
    ["Frames of one header block", String(http2.continuationFrames), "`ENHANCE_YOUR_CALM`, closed"],
    ["Server push", "refused", "`PROTOCOL_ERROR`, closed"],
    ["Requests on one connection", requests === Number.POSITIVE_INFINITY ? "no limit" : String(requests), "`GOAWAY`"],
    [
      "Streams that are reset, beyond those that complete",
      `${reset.capacity}, and ${reset.drainPerSecond} a second`,
      "`ENHANCE_YOUR_CALM`, closed",
    ],
    [
      "PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, unknown and refused frames, beyond the DATA received",
      `${control.capacity}, and ${control.drainPerSecond} a second`,
      "`ENHANCE_YOUR_CALM`, closed",
    ],
    [
      "Replies to PING, SETTINGS and frames on closed streams that the client has not read",
      String(maxAnswersWaiting),
      "`ENHANCE_YOUR_CALM`, closed",
    ],
    ["Preface, header block or frame other than DATA, from its first byte", seconds(limits.headerTimeoutMs), "closed"],
    ["Connection without a request", seconds(limits.idleTimeoutMs), "`GOAWAY`"],
    ["Bytes that a client sends after its connection has ended", kib(http2.connectionWindowBytes), "reset"],
    ["Request body after a complete response", seconds(limits.earlyAnswerMs), "`NO_ERROR`"],
    ["Request body, no data received", seconds(limits.requestStallMs), "408"],
    ["Response, client reads nothing", seconds(limits.writeStallMs), "`CANCEL`, or closed"],
    ["WebSocket, no data in either direction", seconds(limits.tunnelIdleMs), "`CANCEL`"],
  ];
  return ["| what | limit | then |", "| --- | --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`), ""].join(
    "\n",
  );
}
