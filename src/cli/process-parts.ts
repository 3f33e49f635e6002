/** The parts that every command which stays running is made of. */

import { routeRows } from "../admin/route-rows.ts";
import { type AdminServer, startAdminServer } from "../admin/server.ts";
import { boundHost } from "../base/any-address.ts";
import { renderSocketAddress } from "../base/socket-address.ts";
import { reasonOf, UsageError } from "../base/usage-error.ts";
import type { ControlState } from "../control/control-state.ts";
import type { UpstreamReport } from "../ir/upstream-report.ts";
import { type LogSink, openLogSink } from "../telemetry/access-log.ts";
import { createTelemetry, type RunningTelemetry } from "../telemetry/create-telemetry.ts";
import { createLogger, type Logger } from "../telemetry/log.ts";
import { readAdminToken } from "./admin-token.ts";
import type { Terminal } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { normalizePathText } from "./normalize-path.ts";
import { packageVersion } from "./version.ts";

/** How long after the drain's deadline the process ends by force. */
const lastResortMs = 5000;

/** The process's own log, on standard error. */
export function openLog({ quiet, verbose, logFormat }: FlagValues, terminal: Terminal): Logger {
  return createLogger({
    write: (line) => terminal.err(line),
    level: quiet ? "error" : verbose ? "debug" : "info",
    format: logFormat,
  });
}

/** Metrics and the access log. Throws {@link UsageError} when its file cannot be opened. */
export async function openTelemetry({ accessLog }: FlagValues, log: Logger): Promise<RunningTelemetry> {
  let accessLogSink: LogSink | undefined;
  try {
    if (accessLog !== "off") accessLogSink = await openLogSink(accessLog);
  } catch (error) {
    throw new UsageError(`The access log ${accessLog} cannot be opened: ${reasonOf(error)}.`);
  }
  return createTelemetry({ version: packageVersion(), log, ...(accessLogSink ? { accessLogSink } : {}) });
}

export type AdminParts = {
  readonly state: () => ControlState;
  /** How backends with a policy are doing now, where this process asks them. */
  readonly upstreams: () => readonly UpstreamReport[];
  readonly telemetry: RunningTelemetry;
  readonly log: Logger;
};

/** The admin endpoint; `undefined` with `--admin off`. Throws {@link UsageError} when it cannot listen or its token is no good. */
export async function openAdmin(
  { admin, adminTokenFile, controllerName }: FlagValues,
  { state, upstreams, telemetry, log }: AdminParts,
): Promise<AdminServer | undefined> {
  if (!admin) return undefined;
  const token = adminTokenFile === undefined ? undefined : () => readAdminToken(adminTokenFile);
  // Read for each caller who shows one, so that a replaced file counts at once; now only to tell of mistakes.
  await token?.();
  try {
    const source = { state, upstreams, controllerName, routeRows, normalizePath: normalizePathText };
    const address = { host: await boundHost(admin.host), port: admin.port };
    return await startAdminServer({ address, ...source, ...(token ? { token } : {}), telemetry, log });
  } catch (error) {
    throw new UsageError(
      `The admin endpoint cannot listen on ${renderSocketAddress(admin)}: ${reasonOf(error)}. Give another with --admin HOST:PORT, or turn it off with --admin off.`,
    );
  }
}

export type DrainParts = {
  readonly flags: Pick<FlagValues, "drainSeconds">;
  readonly log: Logger;
  readonly admin: AdminServer | undefined;
};

/**
 * Stops accepting, lets requests in flight finish for `--drain-seconds`, and ends the process by force if that fails. The admin
 * port is free at once, so that a successor can start meanwhile.
 */
export async function drainAndStop(
  drain: (deadlineMs: number) => Promise<void>,
  { flags, log, admin }: DrainParts,
): Promise<void> {
  log.info(`Stopping: requests in flight have ${flags.drainSeconds} seconds to finish.`, { event: "draining" });
  // Draining has its own deadline; a process that is told to stop must end even if that fails.
  setTimeout(() => process.exit(1), flags.drainSeconds * 1000 + lastResortMs).unref();
  await Promise.all([drain(flags.drainSeconds * 1000), admin?.yieldPort()]);
  log.info("Stopped.", { event: "stopped" });
}
