import { hostname } from "node:os";
import type { AdminServer } from "../admin/server.ts";
import type { ExitCode } from "../base/exit-code.ts";
import { renderSocketAddress } from "../base/socket-address.ts";
import { reasonOf, UsageError } from "../base/usage-error.ts";
import { exportConfiguration } from "../control/config-metrics.ts";
import { ControlLoop } from "../control/control-loop.ts";
import type { Configuration } from "../control/control-state.ts";
import { Latest } from "../control/latest.ts";
import { findPlaneFaults } from "../control/plane-findings.ts";
import { runInSlices } from "../control/run-in-slices.ts";
import { ApiWriters } from "../fleet/api-writers.ts";
import { Leadership } from "../fleet/leadership.ts";
import { leaseName } from "../install/names.ts";
import { ApiAccessError } from "../kube/api-access.ts";
import { type KubeClient, KubeError } from "../kube/kube-client.ts";
import { readKubeConfig } from "../kube/kube-config.ts";
import { isRunOf, LeaderElection, leaderIdentity } from "../kube/leader-election.ts";
import { openKubeClient } from "../kube/open-kube-client.ts";
import { KubeSource } from "../source/kube/kube-source.ts";
import { SourceNotReadyError } from "../source/kube/source-not-ready.ts";
import type { MergedStatus } from "../status/condition.ts";
import { mergeStatus } from "../status/merge.ts";
import { InstallationClaim } from "../status/writer/installation-claim.ts";
import { standingByFindings } from "../status/writer/standing-by.ts";
import type { RunningTelemetry } from "../telemetry/create-telemetry.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Command } from "./command.ts";
import { createCompiler, ingressOptions } from "./compile-snapshot.ts";
import { openControllerPlane } from "./controller-plane.ts";
import { ControllerReport } from "./controller-report.ts";
import type { FlagValues } from "./flags.ts";
import { type AdminParts, drainAndStop, openAdmin, openLog, openTelemetry } from "./process-parts.ts";
import { handleSignals, surviveBugs } from "./signals.ts";
import { packageVersion } from "./version.ts";

/** How late a replica that only stands by takes changes in: compiling twice is of use to nobody. */
const followMs = 10_000;
/** How late statuses and the log follow a turn, and how late metrics do. */
const tellMs = 25;
const measureMs = 1000;

/** What the admin endpoint shows. */
type Shown = Pick<AdminParts, "state" | "upstreams">;

type Parts = {
  readonly flags: FlagValues;
  readonly client: KubeClient;
  /** The controller's. */
  readonly namespace: string;
  readonly telemetry: RunningTelemetry;
  readonly log: Logger;
  readonly admin: AdminServer | undefined;
  /** Resolves when the process is told to stop. */
  readonly stopped: Promise<"stopped">;
  /** Hands the control loop's state to the admin endpoint. */
  readonly show: (shown: Shown) => void;
};

/** `sluice controller`. */
export const controller: Command = async ({ flags, terminal }) => {
  const log = openLog(flags, terminal);
  await using telemetry = await openTelemetry(flags, log);
  const { client, namespace } = await connect(flags);
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => client.close());
  // Answers probes from the beginning: reading a large cluster takes its time.
  let shown: Shown = { state: () => ({ phase: "starting", turn: 0 }), upstreams: () => [] };
  const source = { state: () => shown.state(), upstreams: () => shown.upstreams() };
  const admin = await openAdmin(flags, { ...source, telemetry, log });
  if (admin) cleanup.use(admin);
  const stop = Promise.withResolvers<"stopped">();
  using _signals = handleSignals({
    reload: () => {
      void telemetry.reopenAccessLog().catch((error) => log.error("The access log cannot be reopened.", { error }));
    },
    stop: () => stop.resolve("stopped"),
    abort: () => process.exit(1),
  });
  using _guard = surviveBugs((error) =>
    log.error("Something failed because of a bug in Sluice.", { event: "bug", error }),
  );
  const show = (next: Shown) => {
    shown = next;
  };
  try {
    return await control({ flags, client, namespace, telemetry, log, admin, stopped: stop.promise, show });
  } catch (error) {
    if (!(error instanceof SourceNotReadyError || error instanceof KubeError)) throw error;
    log.error(error.message, { event: "not-ready" });
    return 1;
  }
};

/** Reads, compiles, applies, elects and writes until the process is told to stop. */
async function control({ flags, client, namespace, telemetry, log, admin, stopped, show }: Parts): Promise<ExitCode> {
  await using cleanup = new AsyncDisposableStack();
  const source = cleanup.use(
    new KubeSource({
      client,
      namespaces: flags.watchNamespace,
      ingresses: flags.ingressClass.length > 0,
    }),
  );
  log.info("Reading the cluster.", {
    event: "reading",
    ...(admin ? { admin: `http://${renderSocketAddress(admin.address)}` } : {}),
  });
  await client.raw("/version").catch((error) => {
    log.warn(`${reasonOf(error)} Retrying for ${flags.startSeconds} seconds.`, { event: "reading" });
  });
  const started = source.start({ deadlineMs: flags.startSeconds * 1000 });
  // Called off when the process is told to stop.
  started.catch(() => {});
  if ((await Promise.race([started, stopped])) === "stopped") return 0;

  let election: LeaderElection | undefined;
  const leaderAddress = () => election?.leaderAddress;
  const parts = { client, namespace, snapshot: source.state.snapshot, leaderAddress, telemetry, log };
  const served = cleanup.use(await openControllerPlane(flags, parts));
  const compile = createCompiler("controller", flags, {
    ...served.capabilities,
    controllerNamespace: namespace,
    ingress: { ...ingressOptions(flags), foreignStatus: flags.ingressStatus },
  });
  const loop = new ControlLoop<MergedStatus>({
    snapshot: () => source.state.snapshot,
    compile: async (snapshot) => {
      const result = await runInSlices(compile(snapshot));
      served.prepare(result);
      return { ...result, findings: [...source.state.findings, ...result.findings] };
    },
    plane: served.plane,
    mergeStatus: (compiled, report, previous, nowMs) => mergeStatus(compiled, served.rows(report), previous, nowMs),
    planeFindings: (report, result, snapshot) => [
      ...findPlaneFaults(report, result, { snapshot, flags: served.flags }),
      ...served.findings(),
      ...writers.findings,
      ...standingByFindings(claim.state, { controllerName: flags.controllerName, installation: namespace }),
    ],
    telemetry,
    log,
  });
  cleanup.defer(() => loop.drain(0));
  show({ state: () => loop.state, upstreams: () => served.plane.upstreams?.() ?? [] });

  const instance = process.env["POD_NAME"] ?? hostname();
  const writers = new ApiWriters({
    ...{ client, source, controllerName: flags.controllerName, instance, telemetry, log },
    onFindings: () => loop.notify("report"),
  });
  const report = new ControllerReport({ log });
  const claim = new InstallationClaim({
    ...{ client, source, controllerName: flags.controllerName, installation: namespace },
    onError: (error, name) =>
      log.warn(`GatewayClass ${name} could not be annotated; until then, nothing is written.`, {
        event: "leader",
        error,
      }),
  });
  claim.subscribe(() => loop.notify("report"));
  // Nobody waits for these as clients wait for the next turn.
  const told = new Latest<Configuration<MergedStatus>>({
    delayMs: tellMs,
    act: (configuration) => {
      writers.update(configuration);
      report.turn(configuration);
    },
  });
  const measured = new Latest<Configuration<MergedStatus>>({
    delayMs: measureMs,
    act: (configuration) => exportConfiguration(telemetry, configuration),
  });
  loop.subscribe(({ configuration }) => {
    if (!configuration) return;
    told.give(configuration);
    measured.give(configuration);
  });
  let leads = false;
  // A replica that never leads says so too.
  telemetry.gauge("gateway_leader").set(0);
  telemetry.gauge("gateway_installation_standing_by").set(0);
  let followed: NodeJS.Timeout | undefined;
  const takeIn = () => {
    followed = undefined;
    loop.notify("resources");
  };
  const stopReading = source.subscribe((change) => {
    if (leads || served.servesAlways) loop.notify(change);
    else followed ??= setTimeout(takeIn, followMs);
  });
  cleanup.defer(() => {
    stopReading();
    clearTimeout(followed);
  });
  await loop.settled(loop.turnNow());

  const lead = async (now: boolean): Promise<void> => {
    if (leads && now) return;
    leads = now;
    telemetry.gauge("gateway_leader").set(now ? 1 : 0);
    if (!now) {
      served.lead(false);
      return writers.stop();
    }
    // What was compiled while following may be older than what the proxies have.
    await loop.settled(loop.turnNow()).catch(() => {});
    if (!leads) return;
    served.lead(true);
    await served.ready();
    // What has just become known is in the statuses only after a turn with it.
    await loop.settled().catch(() => {});
    told.flush();
    if (leads) writers.start();
  };
  election = flags.leaderElection ? standForElection({ client, namespace, flags, instance, log }) : undefined;
  const leadership = new Leadership({
    election,
    claim,
    onRole: (role) => {
      report.role(role);
      telemetry.gauge("gateway_installation_standing_by").set(role === "standBy" ? 1 : 0);
      void lead(role === "lead");
      if (role === "standBy") writers.standBy();
    },
  });
  leadership.start();

  await stopped;
  // Another replica can lead before the requests in flight here have ended.
  await lead(false);
  await leadership.stop();
  told[Symbol.dispose]();
  measured[Symbol.dispose]();
  await drainAndStop((deadlineMs) => loop.drain(deadlineMs), { flags, log, admin });
  return 0;
}

type Candidacy = Pick<Parts, "client" | "namespace" | "flags" | "log"> & { readonly instance: string };

function standForElection({ client, namespace, flags, instance, log }: Candidacy): LeaderElection {
  const address = ownAddress(flags);
  return new LeaderElection({
    client,
    namespace,
    name: leaseName,
    identity: leaderIdentity(instance),
    ...(address === undefined ? {} : { address }),
    // Outside a pod, two processes may share a host name.
    ...(process.env["POD_NAME"] === undefined ? {} : { isGone: (holder: string) => isRunOf(instance, holder) }),
    onError: (error) => log.warn("The Lease could not be read or renewed.", { event: "leader", error }),
  });
}

/** Where proxies reach this very pod, which is known unless they come by another way than the cluster's. */
function ownAddress({ plane, stream, streamAddress }: FlagValues): string | undefined {
  const host = process.env["POD_IP"];
  if (plane !== "provisioned" || host === undefined || streamAddress !== undefined) return undefined;
  return renderSocketAddress({ host, port: stream.port });
}

/** The API server, and the namespace that is the controller's own. Throws {@link UsageError} when there is no way to it. */
async function connect({
  kubeconfig,
  context,
}: FlagValues): Promise<{ readonly client: KubeClient; readonly namespace: string }> {
  try {
    const access = await readKubeConfig({
      ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    const client = openKubeClient({ access, userAgent: `sluice/${packageVersion()}` });
    return { client, namespace: process.env["POD_NAMESPACE"] ?? access.namespace ?? "default" };
  } catch (error) {
    throw error instanceof ApiAccessError ? new UsageError(error.message) : error;
  }
}
