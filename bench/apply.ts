/**
 * What one added route costs after the compiler, part by part: the controller's split, difference and digest, the proxy's
 * digest and swap, its state file, the controller's statuses and metrics. Medians of CPU time, which other processes hardly
 * disturb.
 *
 *     node bench/apply.ts [--routes 3000,5000] [--rounds 40]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { StateFile } from "../src/config-stream/state-file.ts";
import { exportConfiguration } from "../src/control/config-metrics.ts";
import { EmbeddedPlane } from "../src/proxy/embedded-plane.ts";
import { mergeStatus } from "../src/status/merge.ts";
import { createTelemetry } from "../src/telemetry/create-telemetry.ts";
import { createLogger } from "../src/telemetry/log.ts";
import { GrowingModel } from "./growing-model.ts";
import { FollowingProxy, Publisher } from "./stream-ends.ts";

const { values: flags } = parseArgs({
  options: { routes: { type: "string", default: "3000,5000" }, rounds: { type: "string", default: "40" } },
});
const rounds = Number(flags.rounds);
const parts = [
  "split",
  "difference and digest",
  "proxy digest",
  "apply",
  "state file",
  "metrics",
  "status merge",
] as const;
const log = createLogger({ write: () => {} });

for (const count of flags.routes.split(",").map(Number)) {
  for (const hosts of [count, 1]) console.log(await measure(count, hosts));
}

/** One line: the medians of every part, in milliseconds. */
async function measure(count: number, hosts: number): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-apply-"));
  const telemetry = createTelemetry({ version: "bench" });
  const plane = new EmbeddedPlane({ telemetry, mapPort: () => 0 });
  const file = new StateFile({ directory, log });
  const world = new GrowingModel(count, hosts);
  const publisher = new Publisher();
  const proxy = new FollowingProxy();
  const times = new Map<string, number[]>(parts.map((part) => [part, []]));
  let status: ReturnType<typeof mergeStatus> | undefined;
  for (let round = -3; round < rounds; round++) {
    const { update, compiled } = world.grow();
    const timed = async <T>(part: (typeof parts)[number], run: () => T | Promise<T>): Promise<T> => {
      const start = process.cpuUsage();
      const made = await run();
      const { user, system } = process.cpuUsage(start);
      if (round >= 0) times.get(part)!.push((user + system) / 1000);
      return made;
    };
    const part = await timed("split", () => publisher.split(update));
    const line = await timed("difference and digest", () => publisher.publish(part));
    const held = await timed("proxy digest", () => proxy.take(line));
    const report = await timed("apply", () => plane.apply(proxy.update(held, update.generation)));
    await timed("state file", () => {
      file.save(held);
      return file.flush();
    });
    const previous = status;
    const merged = await timed("status merge", () => mergeStatus(compiled, report, previous, 0));
    status = merged;
    await timed("metrics", () => exportConfiguration(telemetry, world.configuration(update, report, merged)));
  }
  await plane.drain(0);
  await telemetry.close();
  rmSync(directory, { recursive: true });
  const row = parts.map((part) => `${part} ${median(times.get(part)!).toFixed(2)}`);
  return `${count} routes on ${hosts === 1 ? "one host" : "a host each"}: ${row.join(", ")} ms`;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
