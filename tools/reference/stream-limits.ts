import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import { defaultTrafficSettings } from "../../src/ir/traffic-settings.ts";
import { defaultLimits, limitsOf } from "../../src/proxy/limits.ts";
import { clientHelloLimitBytes } from "../../src/wire/client-hello.ts";
import { proxyHeaderLimitBytes } from "../../src/wire/proxy-protocol.ts";

const seconds = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`);
const kib = (bytes: number): string => `${bytes / 1024} KiB`;

/** The table of limits in `docs/reference/streams.md`. */
export function renderStreamLimits(): string {
  const limits = limitsOf(defaultLimits, defaultListenerSettings);
  const rows: readonly (readonly [what: string, limit: string, then: string])[] = [
    ["ClientHello, total size", kib(clientHelloLimitBytes), "closed"],
    ["From accept to the end of the ClientHello", seconds(limits.helloTimeoutMs), "closed"],
    ["TLS handshake, where the gateway terminates TLS", seconds(limits.handshakeTimeoutMs), "closed"],
    ["PROXY header of version 2 (107 bytes for version 1)", kib(proxyHeaderLimitBytes), "closed"],
    ["From accept to the end of the PROXY header", seconds(limits.proxyHeaderTimeoutMs), "closed"],
    ["Endpoints tried for one connection", String(defaultTrafficSettings.connectAttempts), "reset"],
    ["Connections to one endpoint", String(limits.connectionsPerEndpoint), "reset"],
    ["Connections on one port", String(limits.connectionsPerPort), "closed"],
    ["TCP or TLS stream, no data in either direction", seconds(limits.streamIdleMs), "reset"],
    ["Streams of a removed listener", seconds(limits.drainTimeoutMs), "reset"],
    ["UDP sessions of one listener", String(limits.udpSessions), "the session idle the longest ends"],
    ["UDP session without a datagram", seconds(limits.udpIdleMs), "ends"],
    ["Datagrams of a session that wait to be sent", kib(limits.udpQueueBytes), "dropped and counted"],
  ];
  return ["| what | limit | then |", "| --- | --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`), ""].join(
    "\n",
  );
}
