import { defaultLimits } from "./limits.ts";

const duration = (ms: number): string => {
  if (ms === Number.POSITIVE_INFINITY) return "no limit";
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
};

/** The table of timeouts in `docs/reference/timeouts.md`. */
export function renderTimeouts(): string {
  const limits = defaultLimits;
  const rows: readonly (readonly [what: string, limit: string, then: string])[] = [
    ["Request head, from its first byte", duration(limits.headerTimeoutMs), "408"],
    ["Request body of which nothing comes", duration(limits.requestStallMs), "408"],
    [
      `Request body, on average over up to ${duration(limits.requestStallMs)} (\`--body-rate\`)`,
      `${limits.requestBodyRate} bytes/s`,
      "408",
    ],
    ["Request body as a whole (`--body-timeout`)", duration(limits.requestBodyTimeoutMs), "408"],
    ["gRPC call of which nothing comes", duration(limits.tunnelIdleMs), "`CANCELLED`"],
    ["Backend that sends nothing, before or in an answer", duration(limits.responseStallMs), "504, or a reset"],
    ["Backend of a gRPC call that sends nothing", duration(limits.tunnelIdleMs), "`DEADLINE_EXCEEDED`, or a reset"],
    ["Upgraded connection (WebSocket) on which nothing moves", duration(limits.tunnelIdleMs), "closed"],
    ["Answer of which the client takes nothing", duration(limits.writeStallMs), "closed"],
    ["Client connection without a request", duration(limits.idleTimeoutMs), "closed"],
    ["Backend connection without a request", duration(limits.upstreamIdleMs), "closed"],
  ];
  return ["| what | limit | then |", "| --- | --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`), ""].join(
    "\n",
  );
}
