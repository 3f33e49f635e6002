import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { UsageError } from "../base/usage-error.ts";
import type { StreamCertificate } from "../config-stream/stream-authority.ts";
import { exportConfiguration } from "../control/config-metrics.ts";
import type { Configuration } from "../control/control-state.ts";
import { Latest } from "../control/latest.ts";
import type { Command } from "./command.ts";
import { drainAndStop, openAdmin, openLog, openTelemetry } from "./process-parts.ts";
import { startProxy } from "./proxy-process.ts";
import { handleSignals, surviveBugs } from "./signals.ts";

/** How late the metrics of a configuration follow it. */
const measureMs = 1000;

/** `sluice proxy`. */
export const proxy: Command = async ({ flags, terminal }) => {
  if (flags.controllers.length === 0) throw new UsageError("Say where the controller is: --controller HOST:PORT.");
  const log = openLog(flags, terminal);
  // The controller may ask for the access log later: it then goes to standard output.
  const accessLog = flags.accessLog === "off" ? "-" : flags.accessLog;
  await using telemetry = await openTelemetry({ ...flags, accessLog }, log);
  using measured = new Latest<Configuration>({
    delayMs: measureMs,
    act: (configuration) => exportConfiguration(telemetry, configuration),
  });
  await using running = await startProxy({
    flags,
    telemetry,
    log,
    readCertificate: () => readCertificate(flags.certificates),
    proxy: flags.proxyName ?? hostname(),
    onConfiguration: (configuration) => measured.give(configuration),
  });
  await using cleanup = new AsyncDisposableStack();
  const admin = await openAdmin(flags, {
    state: () => running.state,
    upstreams: () => running.plane.upstreams(),
    telemetry,
    log,
  });
  if (admin) cleanup.use(admin);

  const stop = Promise.withResolvers<void>();
  using _signals = handleSignals({
    reload: () => {
      void telemetry.reopenAccessLog().catch((error) => log.error("The access log cannot be reopened.", { error }));
    },
    stop: stop.resolve,
    abort: () => process.exit(1),
  });
  using _guard = surviveBugs((error) =>
    log.error("Something failed because of a bug in Sluice.", { event: "bug", error }),
  );
  await stop.promise;
  await drainAndStop((deadlineMs) => running.drain(deadlineMs), { flags, log, admin });
  return 0;
};

async function readCertificate(folder: string): Promise<StreamCertificate> {
  const read = (file: string) => readFile(join(folder, file), "utf8");
  const [certificate, key, authorities] = await Promise.all([read("tls.crt"), read("tls.key"), read("ca.crt")]);
  return { "tls.crt": certificate, "tls.key": key, "ca.crt": authorities };
}
