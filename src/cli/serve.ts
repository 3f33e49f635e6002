import type { Worker } from "node:worker_threads";
import type { ExitCode } from "../base/exit-code.ts";
import { UsageError } from "../base/usage-error.ts";
import { exportConfiguration } from "../control/config-metrics.ts";
import { type Change, ControlLoop } from "../control/control-loop.ts";
import type { Configuration, ControlState } from "../control/control-state.ts";
import { Latest } from "../control/latest.ts";
import { findPlaneFaults } from "../control/plane-findings.ts";
import { runInSlices } from "../control/run-in-slices.ts";
import type { Plane } from "../ir/plane.ts";
import { EmbeddedPlane } from "../proxy/embedded-plane.ts";
import { kindNames } from "../resource/kinds.ts";
import { WorkerSource } from "../source/folder/worker/worker-source.ts";
import { StubBackends } from "../stand-in/stub-backends.ts";
import { StubbedPlane } from "../stand-in/stubbed-plane.ts";
import { mergeStatus } from "../status/merge.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { Store } from "../store/store.ts";
import type { RunningTelemetry } from "../telemetry/create-telemetry.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Terminal } from "./command.ts";
import { createCompiler } from "./compile-snapshot.ts";
import { type FlagValues, longFlagsOf } from "./flags.ts";
import { planeOptions } from "./plane-options.ts";
import { drainAndStop, openAdmin, openLog, openTelemetry } from "./process-parts.ts";
import { unreadableMessage } from "./read-paths.ts";
import { ServeReport } from "./serve-report.ts";
import { handleSignals, surviveBugs } from "./signals.ts";

/** How late the log and metrics follow a turn. */
const tellMs = 25;
const measureMs = 100;

export type ServeOptions = {
  readonly command: "run" | "demo";
  /** As typed. */
  readonly paths: readonly string[];
  /** Reads them. Ended when serving ends. */
  readonly thread: Worker;
  readonly flags: FlagValues;
  readonly terminal: Terminal;
  /** Called once, when the first configuration is in force and before anything is told about it; throws to stop there. */
  readonly verify?: (configuration: Configuration) => void;
  /** Called once, after the first configuration has been told about. */
  readonly onServing?: (configuration: Configuration) => void;
};

/** Serves until it is told to stop: reads, watches, compiles, binds, reports, drains. Everything is wired together here. */
export async function serve(options: ServeOptions): Promise<ExitCode> {
  const { command, paths, thread, flags, terminal, verify, onServing } = options;
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => void (await thread.terminate()));
  const log = openLog(flags, terminal);
  const telemetry = cleanup.use(await openTelemetry(flags, log));
  const store = new Store();
  const source = new WorkerSource({
    thread,
    store,
    onFault: (error) =>
      log.error("Files are no longer read because of a bug in Sluice; the last good configuration stays in use.", {
        event: "bug",
        error,
      }),
  });
  cleanup.defer(() => source.close());
  await source.start();
  const unreadable = unreadableMessage(store.state.findings);
  if (unreadable) throw new UsageError(unreadable);

  const compile = createCompiler(command, flags);
  const plane = await openPlane(flags, telemetry, log);
  let turnStartMs = 0;
  const loop = new ControlLoop({
    snapshot: () => store.state.snapshot,
    compile: async (snapshot) => {
      turnStartMs = performance.now();
      const result = await runInSlices(compile(snapshot));
      return { ...result, findings: [...store.state.findings, ...result.findings] };
    },
    plane,
    mergeStatus,
    planeFindings: (report, result, snapshot) =>
      findPlaneFaults(report, result, { snapshot, flags: longFlagsOf(command) }),
    telemetry,
    log,
  });
  cleanup.defer(() => loop.drain(0));
  const admin = await openAdmin(flags, {
    state: () => withStandIns(loop.state, plane),
    upstreams: () => plane.upstreams?.() ?? [],
    telemetry,
    log,
  });
  if (admin) cleanup.use(admin);

  const report = new ServeReport({ terminal, log, flags, paths });
  const stop = Promise.withResolvers<void>();
  using _signals = handleSignals({
    reload: () => {
      void telemetry.reopenAccessLog().catch((error) => log.error("The access log cannot be reopened.", { error }));
      source.reload().then(
        () => loop.turnNow(),
        (error) => log.error("The files cannot be reloaded: restart Sluice.", { error }),
      );
    },
    stop: stop.resolve,
    abort: () => process.exit(1),
  });

  const { configuration, failure } = await loop.settled(loop.turnNow());
  if (!configuration) throw new Error(failure?.message ?? "the first configuration could not be applied");
  exportConfiguration(telemetry, configuration);
  // Requests need not wait for these.
  const told = new Latest<{ readonly state: ControlState; readonly tookMs: number }>({
    delayMs: tellMs,
    act: ({ state, tookMs }) => report.reload(state, tookMs),
  });
  const measured = new Latest<Configuration>({
    delayMs: measureMs,
    act: (current) => exportConfiguration(telemetry, current),
  });
  cleanup.defer(() => {
    told.flush();
    measured[Symbol.dispose]();
  });
  loop.subscribe((state) => {
    if (state.failure || !state.configuration) return;
    told.give({ state, tookMs: performance.now() - turnStartMs });
    measured.give(state.configuration);
  });
  let seen = store.state.snapshot;
  cleanup.defer(
    store.subscribe(({ snapshot }) => {
      loop.notify(changeBetween(seen, snapshot));
      seen = snapshot;
    }),
  );
  verify?.(configuration);
  report.opening(configuration, admin?.address);
  onServing?.(configuration);
  if (nothingBound(configuration)) return 1;
  using _guard = surviveBugs((error) =>
    log.error("Something failed because of a bug in Sluice.", { event: "bug", error }),
  );

  await stop.promise;
  await drainAndStop((deadlineMs) => loop.drain(deadlineMs), { flags, log, admin });
  return 0;
}

async function openPlane(flags: FlagValues, telemetry: RunningTelemetry, log: Logger): Promise<Plane> {
  const plane = new EmbeddedPlane(await planeOptions(flags, { telemetry, log }));
  return flags.stubBackends ? new StubbedPlane(plane, new StubBackends()) : plane;
}

/** The state with the endpoints that are dialled: stand-ins are not the compiler's. */
function withStandIns(state: ControlState, plane: Plane): ControlState {
  if (!(plane instanceof StubbedPlane) || !state.configuration) return state;
  const result = { ...state.configuration.result, endpoints: plane.endpoints };
  return { ...state, configuration: { ...state.configuration, result } };
}

/** Endpoints change often and planes take them in alone, so it matters whether anything else changed. */
function changeBetween(before: Snapshot, after: Snapshot): Change {
  const isSame = (kind: (typeof kindNames)[number]) => {
    const old = before.list(kind);
    const now = after.list(kind);
    return old.length === now.length && old.every((resource, index) => resource === now[index]);
  };
  const onlyEndpoints = !isSame("EndpointSlice") && kindNames.every((kind) => kind === "EndpointSlice" || isSame(kind));
  return onlyEndpoints ? "endpoints" : "resources";
}

function nothingBound({ report }: Configuration): boolean {
  const reports = Object.values(report.listeners);
  return reports.length > 0 && reports.every(({ state }) => state !== "programmed");
}
