import type { ListenerSettings } from "../../src/ir/listener-settings.ts";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import { EmbeddedPlane } from "../../src/proxy/embedded-plane.ts";
import type { EmbeddedPlaneOptions } from "../../src/proxy/embedded-plane-options.ts";
import { createTelemetry, type RunningTelemetry } from "../../src/telemetry/create-telemetry.ts";
import type { AccessRecord } from "../../src/telemetry/telemetry.ts";
import { StreamFedPlane } from "../config-stream/stream-fed-plane.ts";
import { buildUpdate, type TestRule } from "./model-builder.ts";

export type PlaneFixture = AsyncDisposable & {
  readonly plane: EmbeddedPlane;
  /** Of the listener port 80. */
  readonly port: number;
  readonly telemetry: RunningTelemetry;
  /** Copies of the access records so far. */
  readonly records: AccessRecord[];
  /** Exceptions that the engine caught; a test fails when there are any at its end. */
  readonly bugs: unknown[];
};

/** How a test wants the plane, and the listeners of what it serves. */
export type PlaneTestOptions = Partial<EmbeddedPlaneOptions> & { readonly settings?: Partial<ListenerSettings> };

/** The update with these settings on all listeners. */
export function withSettings(update: PlaneUpdate, settings: Partial<ListenerSettings>): PlaneUpdate {
  const gateways = update.routing.gateways.map((gateway) => ({
    ...gateway,
    listeners: gateway.listeners.map((listener) => ({
      ...listener,
      settings: { ...listener.settings, ...settings },
    })),
  }));
  return { ...update, routing: { ...update.routing, gateways } };
}

/** The same tests hold for a plane that is fed as the proxies of a cluster are: see `test/config-stream`. */
const Fed = process.env["SLUICE_TEST_FEED"] === "stream" ? StreamFedPlane : EmbeddedPlane;

/** A plane on free ports of 127.0.0.1 with what it was given applied. */
export async function startPlane(
  update: PlaneUpdate,
  { settings = {}, ...options }: PlaneTestOptions = {},
): Promise<PlaneFixture> {
  const records: AccessRecord[] = [];
  const bugs: unknown[] = [];
  const running = createTelemetry({ version: "test" });
  const telemetry: RunningTelemetry = {
    ...running,
    accessLogEnabled: true,
    accessLog: (record) => records.push({ ...record }),
  };
  const plane = new Fed({
    telemetry,
    mapPort: () => 0,
    allowedUpstream: ["loopback"],
    onBug: (error) => bugs.push(error),
    ...options,
    limits: { tickMs: 10, lingerMs: 50, ...options.limits },
  });
  await plane.apply(withSettings(update, settings));
  return {
    plane,
    port: plane.boundPort(80) ?? 0,
    telemetry,
    records,
    bugs,
    [Symbol.asyncDispose]: async () => {
      await plane.drain(0);
      await running.close();
      if (bugs.length > 0) throw new AggregateError(bugs, "the engine caught exceptions");
    },
  };
}

/** One clear listener on port 80 with these rules. */
export function startRules(rules: readonly TestRule[], options: PlaneTestOptions = {}): Promise<PlaneFixture> {
  return startPlane(buildUpdate([{ name: "http", port: 80, rules }]), options);
}

/** One rule for everything, with one backend on these ports. */
export function startProxy(
  ports: readonly number[],
  options: PlaneTestOptions = {},
  rule: Partial<TestRule> = {},
): Promise<PlaneFixture> {
  return startRules([{ name: "app", backends: [{ name: "app", ports }], ...rule }], options);
}
