import { boundHost } from "../base/any-address.ts";
import { sameJson } from "../base/same-json.ts";
import { nothingRetained } from "../compile/compile-options.ts";
import type { PlaneSettings, PlaneState } from "../config-stream/protocol.ts";
import { type Applied, StateApplier } from "../config-stream/state-applier.ts";
import { StateFile } from "../config-stream/state-file.ts";
import type { StreamCertificate } from "../config-stream/stream-authority.ts";
import { StreamClient } from "../config-stream/stream-client.ts";
import type { Configuration, ControlState } from "../control/control-state.ts";
import { findPlaneFaults } from "../control/plane-findings.ts";
import type { PlaneReport } from "../ir/plane.ts";
import { targetPorts } from "../ir/target-port.ts";
import { EmbeddedPlane } from "../proxy/embedded-plane.ts";
import type { EmbeddedPlaneOptions } from "../proxy/embedded-plane-options.ts";
import { TicketKeys } from "../proxy/transport/ticket-keys.ts";
import { createSnapshot } from "../store/create-snapshot.ts";
import type { RunningTelemetry } from "../telemetry/create-telemetry.ts";
import type { Logger } from "../telemetry/log.ts";
import { descriptorOptions } from "./descriptors.ts";
import type { FlagValues } from "./flags.ts";
import { ownerSource, zoneOf } from "./plane-options.ts";
import { packageVersion } from "./version.ts";

export type ProxyProcessOptions = {
  readonly flags: ProxyFlags;
  readonly telemetry: RunningTelemetry;
  readonly log: Logger;
  readonly readCertificate: () => Promise<StreamCertificate>;
  /** Name of this proxy. */
  readonly proxy: string;
  /** Called with every configuration that is in force. */
  readonly onConfiguration: (configuration: Configuration) => void;
  /** Instead of what follows from the flags. */
  readonly plane?: Partial<EmbeddedPlaneOptions>;
};

type ProxyFlags = Pick<
  FlagValues,
  | "controllers"
  | "stateDir"
  | "proxyBind"
  | "ports"
  | "accessLog"
  | "zone"
  | "tenantLabel"
  | "tenantHeader"
  | "environmentLabel"
  | "environmentHeader"
>;

/** A proxy that follows a controller. */
export interface ProxyProcess extends AsyncDisposable {
  readonly plane: EmbeddedPlane;
  /** As the admin endpoint reads it. Statuses are the controller's, so there are none. */
  readonly state: ControlState;
  /** Whether a controller feeds this proxy now. */
  readonly isFollowing: boolean;
  /** Not ready any more, stops accepting, lets requests in flight finish for at most `deadlineMs`, saves the state. Once. */
  drain(deadlineMs: number): Promise<void>;
}

const emptySnapshot = createSnapshot([]);

/** Serves what was saved, when there is something, then whatever the controllers say. */
export async function startProxy(options: ProxyProcessOptions): Promise<ProxyProcess> {
  const { flags, log } = options;
  const access = { enabled: flags.accessLog !== "off" };
  const telemetry = withSwitch(options.telemetry, access);
  const ticketKeys = new TicketKeys();
  let ports: ReadonlyMap<number, number> = new Map();
  const plane = new EmbeddedPlane({
    telemetry,
    bind: await boundHost(flags.proxyBind),
    mapPort: (port) => ports.get(port) ?? port,
    clientPort: "listener",
    zone: zoneOf(flags),
    ticketKeys,
    version: packageVersion(),
    descriptors: descriptorOptions(log),
    onBug: (error) => log.error("A request failed because of a bug in Sluice.", { error }),
    ...options.plane,
  });
  const file = flags.stateDir === undefined ? undefined : new StateFile({ directory: flags.stateDir, log });

  let state: ControlState = { phase: "starting", turn: 0 };
  const applier = new StateApplier({
    plane,
    log,
    beforeApply: ({ settings, keys, routing }) => {
      if (flags.ports === "unprivileged") {
        ports = targetPorts(routing.gateways.flatMap(({ listeners }) => listeners.map(({ port }) => port)));
      }
      access.enabled = settings.accessLog ?? flags.accessLog !== "off";
      plane.reconfigure({ ...reconfiguration(settings, flags), ...sessionKeyOf(keys) });
      ticketKeys.share(
        (keys?.ticketKeys ?? []).map(({ secretBase64, fromMs }) => ({
          secret: Buffer.from(secretBase64, "base64"),
          fromMs,
        })),
      );
    },
    onApplied: (applied) => {
      client.report(applied.streamReport);
      if (applied.failure !== undefined) return;
      const configuration = configurationOf(applied);
      tellListeners(state.configuration?.report, applied.report, log);
      if (state.phase !== "draining") state = { phase: "serving", turn: applied.turn, configuration };
      file?.save(applied.held);
      options.onConfiguration(configuration);
    },
  });
  const held = await file?.load();
  const following = telemetry.gauge("gateway_stream_following");
  following.set(0);
  const stateTime = telemetry.gauge("gateway_stream_state_timestamp_seconds");
  if (held) stateTime.set(held.savedMs / 1000);
  const client = new StreamClient({
    controllers: flags.controllers,
    readCertificate: options.readCertificate,
    proxy: options.proxy,
    version: packageVersion(),
    ...(held ? { held } : {}),
    onFollowing: (isFollowing) => {
      following.set(isFollowing ? 1 : 0);
      if (isFollowing) stateTime.set(Date.now() / 1000);
    },
    onState: (next) => applier.offer(next),
    log,
  });
  if (held) applier.offer(held);

  let drained: Promise<void> | undefined;
  const drainOnce = async (deadlineMs: number) => {
    state = { ...state, phase: "draining" };
    await client.close();
    await applier.close();
    await Promise.all([plane.drain(deadlineMs), file?.flush()]);
  };
  const drain = (deadlineMs: number) => {
    drained ??= drainOnce(deadlineMs);
    return drained;
  };
  return {
    plane,
    get state() {
      return state;
    },
    get isFollowing() {
      return client.isFollowing;
    },
    drain,
    [Symbol.asyncDispose]: () => drain(0),
  };
}

/** Says what became of the listeners when that has changed. */
function tellListeners(before: PlaneReport | undefined, { listeners }: PlaneReport, log: Logger): void {
  if (before !== undefined && sameJson(before.listeners, listeners)) return;
  const rows = Object.entries(listeners);
  const open = rows.filter(([, { state }]) => state === "programmed").length;
  log.info(`${open} of ${rows.length} listeners serve.`, { event: "serving" });
  for (const [listener, row] of rows) {
    if (row.state !== "programmed") log.error("A listener is not served.", { listener, reason: row.message });
  }
}

/** The same telemetry, with an access log that can be turned on and off. */
function withSwitch(telemetry: RunningTelemetry, access: { readonly enabled: boolean }): RunningTelemetry {
  return {
    ...telemetry,
    get accessLogEnabled() {
      return access.enabled;
    },
  };
}

function reconfiguration(settings: PlaneSettings, flags: ProxyFlags): Parameters<EmbeddedPlane["reconfigure"]>[0] {
  return {
    tenant: ownerSource(settings.tenantLabel ?? flags.tenantLabel, settings.tenantHeader ?? flags.tenantHeader),
    environment: ownerSource(
      settings.environmentLabel ?? flags.environmentLabel,
      settings.environmentHeader ?? flags.environmentHeader,
    ),
  };
}

function sessionKeyOf(keys: PlaneState["keys"]): { readonly sessionKey?: Buffer } {
  return keys === undefined ? {} : { sessionKey: Buffer.from(keys.sessionKeyBase64, "base64") };
}

function configurationOf({ update, report, turn }: Applied): Configuration {
  const { routing, endpoints, secrets } = update;
  const result = {
    ...{ routing, endpoints, secrets, dataPlanes: [], status: [], findings: [] },
    ...{ retained: nothingRetained, freshUntilMs: Number.POSITIVE_INFINITY },
  };
  const findings = findPlaneFaults(report, result, { snapshot: emptySnapshot, flags: [] });
  return { generation: turn, snapshot: emptySnapshot, result, report, status: [], findings };
}
