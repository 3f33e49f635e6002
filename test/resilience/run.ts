/**
 * Ten real backends, each a process of its own, that reset, stall or answer 5xx behind a real gateway: how many requests fail
 * before an endpoint is left out, and that none fails after. `npm run check:resilience`.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SluiceProcess } from "../cli/sluice-process.ts";
import { Backend } from "./backend.ts";
import type { Behaviour } from "./backend-process.ts";
import { type Answered, failures, send } from "./load.ts";
import { type Case, manifests } from "./manifests.ts";

const backendCount = 10;
/** What three of the ten do wrong. */
const faults: readonly Behaviour[] = ["status500", "reset", "stall"];
const consecutive = 3;
/** Requests that a stalling backend is given up for. */
const patience = "200ms";
const checkMs = 200;
/** What takes longer hung; how long it did take is printed. A busy machine is not what is judged here. */
const slowestMs = 5_000;

const passive = {
  consecutive5XxErrors: consecutive,
  interval: "1s",
  baseEjectionTime: "10m",
  maxEjectionPercent: 50,
};
const active = {
  type: "HTTP",
  http: { path: "/healthz" },
  interval: `${checkMs}ms`,
  timeout: patience,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
};
const timeout = { http: { requestTimeout: patience } };
const roundRobin = { type: "RoundRobin" };

const cases = {
  sequential: { host: "sequential.test", policy: { loadBalancer: roundRobin, timeout, healthCheck: { passive } } },
  concurrent: {
    host: "concurrent.test",
    // Rules whose policies say the same would share what is known of the endpoints.
    policy: { loadBalancer: roundRobin, timeout, healthCheck: { passive: { ...passive, interval: "2s" } } },
  },
  retried: {
    host: "retried.test",
    policy: {
      loadBalancer: roundRobin,
      healthCheck: { passive: { ...passive, interval: "3s" } },
      retry: {
        numRetries: 5,
        retryOn: { triggers: ["5xx"] },
        perRetry: { timeout: patience, backOff: { baseInterval: "1ms" } },
      },
    },
  },
  checked: { host: "checked.test", policy: { loadBalancer: roundRobin, healthCheck: { active } } },
  alsoChecked: { host: "also-checked.test", policy: { loadBalancer: { type: "Random" }, healthCheck: { active } } },
  limited: {
    host: "limited.test",
    policy: { loadBalancer: { type: "LeastRequest" }, circuitBreaker: { maxParallelRequests: 20 } },
  },
  hashed: {
    host: "hashed.test",
    policy: {
      loadBalancer: { type: "ConsistentHash", consistentHash: { type: "Headers", headers: [{ name: "x-user" }] } },
    },
  },
} as const satisfies Record<string, Case>;

let passed = 0;
let failed = 0;

function judge(good: boolean, text: string): void {
  if (good) passed++;
  else failed++;
  console.log(`${good ? "ok  " : "FAIL"} ${text}`);
}

class Run {
  readonly #backends: readonly Backend[];
  readonly #gateway: SluiceProcess;
  readonly #port: number;

  constructor(backends: readonly Backend[], gateway: SluiceProcess, port: number) {
    this.#backends = backends;
    this.#gateway = gateway;
    this.#port = port;
  }

  send(
    { host }: Case,
    requests: number,
    concurrency: number,
    headers?: (index: number) => Readonly<Record<string, string>>,
  ): Promise<readonly Answered[]> {
    return send({ port: this.#port, host, requests, concurrency, ...(headers === undefined ? {} : { headers }) });
  }

  /** Three backends fail, each in a way of its own; the others answer. */
  break(): void {
    for (const [index, backend] of this.#backends.entries()) backend.behave(faults[index] ?? "answer");
  }

  heal(): void {
    for (const backend of this.#backends) backend.behave("answer");
  }

  async metric(name: string, label: string): Promise<number> {
    const { admin } = await this.#gateway.ready();
    const text = await (await fetch(`http://${admin}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  /** Waits until as many endpoints have that standing, and says how long that took. */
  async standing(standing: string, count: number): Promise<number> {
    const startMs = performance.now();
    while ((await this.metric("gateway_upstream_endpoints", `standing="${standing}"`)) !== count) {
      if (performance.now() - startMs > 20_000) throw new Error(`never ${count} endpoints are ${standing}`);
      await new Promise((later) => setTimeout(later, 10));
    }
    return performance.now() - startMs;
  }

  async passive(): Promise<void> {
    this.break();
    const before = failures(await this.send(cases.sequential, 10 * backendCount, 1));
    const after = failures(await this.send(cases.sequential, 3_000, 8));
    judge(
      before === faults.length * consecutive && after === 0,
      `outlier detection, one request at a time: ${before} requests failed before ${faults.join(", ")} were ejected (${consecutive} each), ${after} of 3000 after`,
    );
    const together = failures(await this.send(cases.concurrent, 2_000, 20));
    const later = failures(await this.send(cases.concurrent, 3_000, 20));
    judge(
      together >= faults.length * consecutive && together < 100 && later === 0,
      `outlier detection, 20 at a time: ${together} of the first 2000 failed, ${later} of the next 3000`,
    );
    const hidden = failures(await this.send(cases.retried, 3_000, 20));
    judge(hidden === 0, `outlier detection with retries: ${hidden} of 3000 failed for clients`);
  }

  async active(): Promise<void> {
    const users = 2;
    this.heal();
    await this.standing("unhealthy", 0);
    this.break();
    const foundMs = await this.standing("unhealthy", users * faults.length);
    const after = failures(await this.send(cases.checked, 3_000, 20));
    judge(
      foundMs < slowestMs && after === 0,
      `active checks: ${faults.length} backends found within ${foundMs.toFixed(0)} ms, ${after} of 3000 requests failed after`,
    );
    this.heal();
    const healedMs = await this.standing("unhealthy", 0);
    const answers = await this.send(cases.checked, 1_000, 10);
    const serving = new Set(answers.map(({ backend }) => backend)).size;
    judge(
      healedMs < slowestMs && serving === backendCount && failures(answers) === 0,
      `active checks: all ${serving} backends serve again after ${healedMs.toFixed(0)} ms, ${failures(answers)} of 1000 failed`,
    );
    for (const backend of this.#backends) await backend.counts();
    const watchMs = 3_000;
    await new Promise((later) => setTimeout(later, watchMs));
    const checks = await Promise.all(this.#backends.map(async (backend) => (await backend.counts()).checks));
    const most = Math.max(...checks);
    judge(
      most <= watchMs / checkMs + 1 && Math.min(...checks) >= (watchMs / checkMs) * 0.5,
      `active checks: ${Math.min(...checks)} to ${most} checks of a backend in ${watchMs} ms for ${users} routes, at one each ${checkMs} ms`,
    );
  }

  async breaker(): Promise<void> {
    for (const backend of this.#backends) backend.behave("stall");
    const held = this.send(cases.limited, 20, 20);
    while ((await this.metric("gateway_upstream_circuit_open", 'limit="parallelRequests"')) !== 1) {
      await new Promise((later) => setTimeout(later, 10));
    }
    const refused = await this.send(cases.limited, 1_000, 20);
    const times = refused.map(({ ms }) => ms).toSorted((a, b) => a - b);
    const p99 = times[Math.floor(times.length * 0.99)]!;
    judge(
      refused.every(({ status }) => status === 503) && p99 < slowestMs,
      `circuit breaker: with 20 requests in flight ${refused.filter(({ status }) => status === 503).length} of 1000 others got 503, 99 % within ${p99.toFixed(1)} ms`,
    );
    for (const backend of this.#backends) backend.behave("reset");
    void held.catch(() => {});
  }

  async hashing(folder: string): Promise<void> {
    this.heal();
    const headers = (index: number) => ({ "x-user": `user-${index}` });
    const before = await this.send(cases.hashed, 1_000, 10, headers);
    const again = await this.send(cases.hashed, 1_000, 10, headers);
    const same = before.filter(({ backend }, index) => backend === again[index]!.backend).length;
    judge(same === 1_000, `consistent hashing: ${same} of 1000 keys go to the same backend again`);
    const gone = String(this.#backends[backendCount - 1]!.port);
    await writeGateway(folder, this.#backends.slice(0, -1));
    let after = await this.send(cases.hashed, 1_000, 10, headers);
    while (after.some(({ backend }) => backend === gone)) after = await this.send(cases.hashed, 1_000, 10, headers);
    const others = before.filter(({ backend }) => backend !== gone);
    const moved = before.filter(({ backend }, index) => backend !== gone && backend !== after[index]!.backend).length;
    judge(
      moved <= others.length * 0.04,
      `consistent hashing: when one of ten backends leaves, ${moved} of the ${others.length} keys of the others move`,
    );
  }
}

async function writeGateway(folder: string, backends: readonly Backend[]): Promise<void> {
  const ports = backends.map(({ port }) => port);
  await writeFile(join(folder, "gateway.yaml"), manifests(Object.values(cases), ports));
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-resilience-"));
  const backends: Backend[] = [];
  try {
    while (backends.length < backendCount) backends.push(await Backend.start());
    await writeGateway(folder, backends);
    const flags = ["--map-port", "80:0"];
    await using gateway = await SluiceProcess.start(["run", folder, ...flags]);
    const run = new Run(backends, gateway, await gateway.localPort(80));
    await run.passive();
    await run.active();
    await run.breaker();
    await run.hashing(folder);
  } finally {
    for (const backend of backends) await backend[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

await main();
