/**
 * Limits judged with the real programs: GCRA on Debian's Redis, Envoy's rate limit service, each killed in the middle and back, and
 * an attack on the table of a local limit. Ends with `N passed, N failed`.
 *
 *   npm run check:limits
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Redis } from "ioredis";
import { gcraResults, gcraScript } from "../../src/filter/globalRateLimit/gcra-script.ts";
import { maxClients } from "../../src/filter/localRateLimit/local-limit.ts";
import type { UpstreamTls } from "../../src/ir/cluster.ts";
import type { Filter } from "../../src/ir/filter.ts";
import type { ClientSelector, GlobalLimiter, RateLimitRule } from "../../src/ir/rate-limit.ts";
import type { SecretMaterial } from "../../src/ir/secret-table.ts";
import { ask, LabBackend } from "../plane/filter-lab.ts";
import { buildUpdate } from "../plane/model-builder.ts";
import { type PlaneFixture, startPlane } from "../plane/plane-fixture.ts";
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";
import {
  findRateLimitService,
  findRedis,
  type Program,
  ServiceFolder,
  startRateLimitService,
  startRedis,
  startSecureRedis,
} from "./programs.ts";

let passed = 0;
let failed = 0;

async function check(name: string, run: () => Promise<string | undefined>): Promise<void> {
  try {
    const figures = await run();
    passed++;
    console.log(`passed: ${name}${figures === undefined ? "" : ` (${figures})`}`);
  } catch (error) {
    failed++;
    console.log(`failed: ${name}\n${error instanceof Error ? error.stack : String(error)}`);
  }
}

const byUser: ClientSelector = {
  headers: [{ name: "x-user", kind: "distinct" }],
  query: [],
  claims: [],
  methods: [],
  path: undefined,
  network: undefined,
};

const perHour = (requests: number, more: Partial<RateLimitRule> = {}): RateLimitRule => ({
  counter: { name: "judge", shared: true },
  selectors: [byUser],
  requests,
  unit: "Hour",
  burst: requests,
  requestCost: 1,
  responseCost: 0,
  shadow: false,
  tells: true,
  ...more,
});

type Global = Extract<Filter, { kind: "globalRateLimit" }>;

/** A gateway whose route has this limit. */
async function startGateway(
  app: LabBackend,
  filter: Filter,
  counter: { readonly program: Program; readonly protocol: "tcp" | "http2"; readonly tls?: UpstreamTls } | undefined,
  secrets?: ReadonlyMap<string, SecretMaterial>,
): Promise<PlaneFixture> {
  const others =
    counter === undefined
      ? []
      : [
          {
            name: "counter",
            ports: [counter.program.port],
            cluster: { protocol: counter.protocol, ...(counter.tls === undefined ? {} : { tls: counter.tls }) },
          },
        ];
  const backends = [{ name: "app", ports: [app.port] }];
  const rules = [{ name: "app", filters: [filter], backends, others }];
  return startPlane(buildUpdate([{ name: "http", port: 80, rules }], secrets));
}

const redisLimiter: GlobalLimiter = {
  kind: "redis",
  cluster: "demo/counter:80",
  database: 0,
  username: "",
  password: undefined,
};
const serviceLimiter: GlobalLimiter = { kind: "service", cluster: "demo/counter:80", domain: "judge" };

function globalLimit(limiter: GlobalLimiter, more: Partial<Global> = {}): Global {
  return {
    kind: "globalRateLimit",
    status: 429,
    rules: [perHour(5)],
    limiter,
    timeoutMs: 250,
    onFailure: "open",
    ...more,
  };
}

async function statusOf(proxy: PlaneFixture, user: string): Promise<number> {
  return (await ask("http1", proxy.port, { headers: { "x-user": user } })).status;
}

/** Answers of so many requests of one client, by status. */
async function countStatuses(proxy: PlaneFixture, user: string, requests: number): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let one = 0; one < requests; one++) {
    const status = await statusOf(proxy, user);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/** Requests of fresh clients, one after the other, until one is counted again; the time that the slowest took. */
async function untilCounted(proxy: PlaneFixture, user: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { headers } = await ask("http1", proxy.port, { headers: { "x-user": `${user} ${attempt}` } });
    if (headers["x-ratelimit-remaining"] !== undefined) return;
    await new Promise((later) => setTimeout(later, 50));
  }
  throw new Error("it is not counted again after ten seconds");
}

async function slowest(requests: number, run: () => Promise<number>, expected: number): Promise<number> {
  let worst = 0;
  for (let one = 0; one < requests; one++) {
    const startMs = performance.now();
    assert.equal(await run(), expected);
    worst = Math.max(worst, performance.now() - startMs);
  }
  return worst;
}

/** Two gateways in front of one counter admit together what one may; the counter is killed and comes back. */
async function judgeCounter(
  name: string,
  app: LabBackend,
  parts: {
    readonly limiter: GlobalLimiter;
    readonly protocol: "tcp" | "http2";
    readonly program: Program;
    /** Whose failure is judged. */
    readonly victim: Program;
    readonly secrets?: ReadonlyMap<string, SecretMaterial>;
  },
): Promise<void> {
  const { limiter, program, protocol, victim, secrets } = parts;
  const counter = { program, protocol };
  await check(`${name}: two gateways count together`, async () => {
    await using one = await startGateway(app, globalLimit(limiter), counter, secrets);
    await using two = await startGateway(app, globalLimit(limiter), counter, secrets);
    await Promise.all([untilCounted(one, `${name} warm`), untilCounted(two, `${name} warm too`)]);
    const [a, b] = [await countStatuses(one, `${name} ann`, 3), await countStatuses(two, `${name} ann`, 4)];
    assert.deepEqual([a, b], [{ 200: 3 }, { 200: 2, 429: 2 }]);
    assert.equal(await statusOf(one, `${name} bob`), 200);
    return undefined;
  });
  await check(`${name}: 200 requests at once of one client, of which 5 may pass`, async () => {
    await using proxy = await startGateway(app, globalLimit(limiter, { timeoutMs: 5_000 }), counter, secrets);
    await untilCounted(proxy, `${name} crowd warm`);
    const all = await Promise.all(Array.from({ length: 200 }, () => statusOf(proxy, `${name} crowd`)));
    assert.equal(all.filter((status) => status === 200).length, 5);
    assert.equal(all.filter((status) => status === 429).length, 195);
    return undefined;
  });
  for (const [onFailure, away] of [
    ["open", 200],
    ["closed", 500],
  ] as const) {
    await check(`${name}: killed and back, ${onFailure}: ${away} meanwhile`, async () => {
      await using proxy = await startGateway(app, globalLimit(limiter, { onFailure }), counter, secrets);
      await untilCounted(proxy, `${name} ${onFailure} warm`);
      const known = `${name} ${onFailure}`;
      assert.deepEqual(await countStatuses(proxy, known, 2), { 200: 2 });
      await victim.kill();
      const worst = await slowest(50, () => statusOf(proxy, known), away);
      assert.ok(worst < 250 + 200, `${worst} ms`);
      await victim.start();
      await untilCounted(proxy, `${name} ${onFailure} again`);
      assert.deepEqual(await countStatuses(proxy, `${known} later`, 6), { 200: 5, 429: 1 });
      return `slowest of 50 requests while it was away: ${Math.round(worst)} ms of 250`;
    });
    await check(`${name}: stopped and going on, ${onFailure}: ${away} meanwhile`, async () => {
      await using proxy = await startGateway(app, globalLimit(limiter, { onFailure }), counter, secrets);
      await untilCounted(proxy, `${name} ${onFailure} stop warm`);
      victim.signal("SIGSTOP");
      try {
        const worst = await slowest(10, () => statusOf(proxy, `${name} stop ${onFailure}`), away);
        assert.ok(worst < 250 + 200, `${worst} ms`);
        return `slowest of 10 requests while it said nothing: ${Math.round(worst)} ms of 250`;
      } finally {
        victim.signal("SIGCONT");
        await untilCounted(proxy, `${name} ${onFailure} stop again`);
      }
    });
  }
}

/** GCRA as whole numbers: limits whose tokens come back too slowly to be seen here. */
async function judgeScript(redis: Program): Promise<void> {
  const client = new Redis({ port: redis.port, host: "127.0.0.1", protocol: 2 });
  client.defineCommand(gcraScript.name, { lua: gcraScript.lua });
  const call = (keys: readonly string[], args: readonly number[]): Promise<number[]> =>
    (client as never as Record<string, (...all: unknown[]) => Promise<number[]>>)[gcraScript.name]!(
      keys.length,
      ...keys,
      ...args,
    );
  const hourMs = 3_600_000;
  let counted = 0;
  await check("GCRA on Redis is what buckets in whole numbers are, over several keys in one step", async () => {
    let run = 0;
    const step = fc.record({
      keys: fc.subarray([0, 1, 2], { minLength: 1 }),
      cost: fc.nat(4),
      mode: fc.constantFrom(0, 0, 0, 1, 2),
    });
    const bursts = fc.tuple(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), bursts, async (steps, burst) => {
        const prefix = `model ${run++}`;
        const tokens: number[] = [...burst];
        for (const { keys, cost, mode } of steps) {
          counted++;
          const args = keys.flatMap((key) => [hourMs, burst[key]!, cost, mode]);
          const got = await call(
            keys.map((key) => `${prefix} ${key}`),
            args,
          );
          const takes = keys.map((key) => mode === 2 || tokens[key]! >= Math.max(1, cost));
          const refused = mode === 0 && takes.includes(false);
          keys.forEach((key, index) => {
            const [taken, left] = got.slice(index * gcraResults, index * gcraResults + 2);
            if (takes[index] && !refused) tokens[key] = Math.max(-burst[key]!, tokens[key]! - cost);
            assert.deepEqual([taken, left], [takes[index] ? 1 : 0, tokens[key]], `${prefix} ${key}`);
          });
        }
      }),
      { numRuns: 300 },
    );
    return `${counted} steps`;
  });
  await check("GCRA on Redis gives its rate: 50 a second, 10 at once", async () => {
    const startMs = performance.now();
    let admitted = 0;
    while (performance.now() - startMs < 2_000) admitted += (await call(["rate"], [20, 10, 1, 0]))[0]!;
    const expected = 10 + (performance.now() - startMs) / 20;
    assert.ok(Math.abs(admitted - expected) <= 2, `${admitted} of ${expected}`);
    return `${admitted} admitted, ${Math.round(expected)} are right`;
  });
  await check("what Redis keeps of a client goes when its limit is whole again", async () => {
    await call(["short"], [20, 10, 5, 0]);
    await new Promise((later) => setTimeout(later, 150));
    assert.equal(await client.exists("short"), 0);
    return undefined;
  });
  client.disconnect();
}

async function judgeTable(app: LabBackend): Promise<void> {
  await check(`100,000 clients of a local limit: memory is bounded, and who is limited stays so`, async () => {
    const filter: Filter = { kind: "localRateLimit", status: 429, rules: [perHour(3)] };
    await using proxy = await startGateway(app, filter, undefined);
    assert.deepEqual(await countStatuses(proxy, "known", 4), { 200: 3, 429: 1 });
    const { request, Agent } = await import("node:http");
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const send = (user: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const sent = request(
          { port: proxy.port, agent, headers: { host: "app.example.test", "x-user": user } },
          (answer) => {
            answer.resume();
            answer.on("end", () => resolve(answer.statusCode ?? 0));
          },
        );
        sent.on("error", reject);
        sent.end();
      });
    const flood = async (name: string, clients: number): Promise<void> => {
      for (let from = 0; from < clients; from += 1_000) {
        // Long values, as an attacker would take them.
        const all = Array.from({ length: 1_000 }, (_, one) => send(`${name} ${from + one} ${"x".repeat(500)}`));
        for (const status of await Promise.all(all)) assert.equal(status, 200);
        assert.equal(await send("known"), 429);
      }
    };
    const heap = (): number => {
      // The own notes of gateway and backend.
      proxy.records.length = 0;
      app.arrived.length = 0;
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    await flood("warm", 1_000);
    const before = heap();
    await flood("attacker", 99_000);
    const grown = (heap() - before) / 2 ** 20;
    agent.destroy();
    // 65,536 entries of some 150 bytes; the values alone would be 50 MB.
    assert.ok(grown < 25, `${grown} MiB`);
    return `${maxClients} are kept, the heap grew by ${grown.toFixed(1)} MiB`;
  });
}

const redisFile = findRedis();
const serviceFile = await findRateLimitService();
await using app = await LabBackend.start("http1", () => ({ pieces: ["fine"] }));
await judgeTable(app);
if (redisFile === undefined) console.log("skipped: there is no redis-server here, and it could not be installed");
else {
  await using redis = await startRedis(redisFile);
  await judgeScript(redis);
  await judgeCounter("Redis", app, { limiter: redisLimiter, protocol: "tcp", program: redis, victim: redis });
  await using guarded = await startRedis(redisFile, "--requirepass", "open sesame");
  const material: SecretMaterial = { kind: "opaque", bytesBase64: Buffer.from("open sesame").toString("base64") };
  await check("Redis with a password: the right one counts, another does not", async () => {
    const limiter = { ...redisLimiter, database: 3, password: "shop/redis/password" };
    const counter = { program: guarded, protocol: "tcp" } as const;
    const secrets = (one: SecretMaterial) => new Map([["shop/redis/password", one]]);
    const filter = globalLimit(limiter, { onFailure: "closed" });
    await using right = await startGateway(app, filter, counter, secrets(material));
    await untilCounted(right, "guarded");
    assert.deepEqual(await countStatuses(right, "inside", 6), { 200: 5, 429: 1 });
    await using wrong = await startGateway(app, filter, counter, secrets({ kind: "opaque", bytesBase64: "eA==" }));
    assert.equal(await statusOf(wrong, "outside"), 500);
    return undefined;
  });
  await check("Redis over TLS: the authority that is named counts, another is not believed", async () => {
    using files = new ServiceFolder("tls");
    const [authority, stranger] = [1, 2].map(() => makeCertificate({ commonName: "root", authority: "yes" }));
    const leaf = makeCertificate({ names: ["redis.test"], issuer: authority! });
    const [cert, key] = [join(files.path, "cert.pem"), join(files.path, "key.pem")];
    writeFileSync(cert, leaf.certPem);
    writeFileSync(key, leaf.keyPem);
    await using program = await startSecureRedis(redisFile, cert, key);
    const filter = globalLimit(redisLimiter, { onFailure: "closed" });
    const start = (root: TestCertificate) => {
      const ca = [{ kind: "bundle", key: "ca", fingerprint: root.certPem }] as const;
      const tls = { hostname: "redis.test", ca, subjectAltNames: [] };
      const secrets = new Map<string, SecretMaterial>([["ca", { kind: "ca", bundlePem: root.certPem }]]);
      return startGateway(app, filter, { program, protocol: "tcp", tls }, secrets);
    };
    await using right = await start(authority!);
    await untilCounted(right, "secure");
    assert.deepEqual(await countStatuses(right, "secure ann", 6), { 200: 5, 429: 1 });
    await using wrong = await start(stranger!);
    assert.deepEqual(await countStatuses(wrong, "secure bob", 3), { 500: 3 });
    return undefined;
  });
  if (serviceFile === undefined) console.log("skipped: Envoy's rate limit service needs Go to be built once");
  else {
    using folder = new ServiceFolder("judge");
    await using service = await startRateLimitService(serviceFile, folder, redis);
    const parts = { limiter: serviceLimiter, protocol: "http2", program: service } as const;
    await judgeCounter("rate limit service", app, { ...parts, victim: service });
  }
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
