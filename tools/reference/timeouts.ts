import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import { defaultLimits, limitsOf } from "../../src/proxy/limits.ts";

const duration = (ms: number): string => {
  if (ms === Number.POSITIVE_INFINITY) return "no limit";
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
};

/** The table of timeouts in `docs/reference/timeouts.md`. */
export function renderTimeouts(): string {
  const limits = limitsOf(defaultLimits, defaultListenerSettings);
  const rows: readonly (readonly [what: string, limit: string, then: string])[] = [
    ["Request head, from its first byte", duration(limits.headerTimeoutMs), "408"],
    ["Request body, no data received", duration(limits.requestStallMs), "408"],
    [
      `Request body, on average over up to ${duration(limits.requestStallMs)} (\`--body-rate\`)`,
      `${limits.requestBodyRate} bytes/s`,
      "408",
    ],
    ["Request body as a whole (`--body-timeout`)", duration(limits.requestBodyTimeoutMs), "408"],
    ["gRPC call, no data received", duration(limits.tunnelIdleMs), "`CANCELLED`"],
    ["Backend, no data received before or during a response", duration(limits.responseStallMs), "504, or a reset"],
    ["Backend of a gRPC call, no data received", duration(limits.tunnelIdleMs), "`DEADLINE_EXCEEDED`, or a reset"],
    ["Upgraded connection (WebSocket), no data in either direction", duration(limits.tunnelIdleMs), "closed"],
    ["Response, client reads nothing", duration(limits.writeStallMs), "closed"],
    ["Client connection without a request", duration(limits.idleTimeoutMs), "closed"],
    ["Backend connection without a request", duration(limits.upstreamIdleMs), "closed"],
  ];
  return ["| what | limit | then |", "| --- | --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`), ""].join(
    "\n",
  );
}
