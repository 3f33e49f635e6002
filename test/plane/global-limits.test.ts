import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import type { ClientSelector, GlobalLimiter, RateLimitRule } from "../../src/ir/rate-limit.ts";
import { ProtobufWriter, readProtobuf } from "../../src/wire/protobuf.ts";
import { encodeRateLimitRequest } from "../../src/wire/rate-limit-service.ts";
import { ask, LabBackend, testPairs } from "./filter-lab.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { type PlaneFixture, startRules } from "./plane-fixture.ts";

const byUser: ClientSelector = {
  headers: [{ name: "x-user", kind: "distinct" }],
  query: [],
  claims: [],
  methods: [{ method: "GET", invert: false }],
  path: undefined,
  network: { cidr: "127.0.0.0/8", distinct: true, except: [] },
};

const rule: RateLimitRule = {
  counter: { name: "limit", shared: true },
  selectors: [byUser],
  requests: 5,
  unit: "Week",
  burst: 5,
  requestCost: 2,
  responseCost: 0,
  shadow: false,
  tells: true,
};

type Said = { readonly over: boolean; readonly remaining: number; readonly seconds: number };

/** A rate limit service of the test's own: what it was asked, as bytes, and what it says. */
class TestService implements AsyncDisposable {
  readonly asked: Buffer[] = [];
  say: Said[] | "nothing" | "garbage" = [];
  readonly #server: Http2Server;

  private constructor(server: Http2Server) {
    this.#server = server;
  }

  get port(): number {
    return this.#server.port;
  }

  static async start(): Promise<TestService> {
    let service: TestService | undefined;
    const server = await Http2Server.start(async ({ stream }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      service!.asked.push(Buffer.concat(chunks).subarray(5));
      const { say } = service!;
      if (say === "nothing") return;
      const body = say === "garbage" ? Buffer.from([255, 255]) : answer(say);
      const frame = Buffer.alloc(5);
      frame.writeUInt32BE(body.length, 1);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.concat([frame, body]));
    });
    service = new TestService(server);
    return service;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

function answer(statuses: readonly Said[]): Buffer {
  const response = new ProtobufWriter().varint(1, statuses.some(({ over }) => over) ? 2 : 1);
  for (const { over, remaining, seconds } of statuses) {
    response.message(
      2,
      new ProtobufWriter()
        .varint(1, over ? 2 : 1)
        .varint(3, remaining)
        .message(4, new ProtobufWriter().varint(1, seconds)),
    );
  }
  return response.finish();
}

async function withLimiter(
  parts: {
    readonly limiter: GlobalLimiter;
    readonly port: number;
    readonly filter?: Partial<Extract<Filter, { kind: "globalRateLimit" }>>;
    readonly protocol?: "http1" | "http2";
  },
  run: (proxy: PlaneFixture, app: LabBackend) => Promise<void>,
): Promise<void> {
  await using app = await LabBackend.start("http1", () => ({ pieces: ["fine"] }));
  const filter: Filter = {
    kind: "globalRateLimit",
    status: 429,
    rules: [rule],
    limiter: parts.limiter,
    timeoutMs: 200,
    onFailure: "open",
    ...parts.filter,
  };
  const protocol = parts.limiter.kind === "service" ? "http2" : "tcp";
  await using proxy = await startRules([
    {
      name: "app",
      filters: [filter],
      backends: [{ name: "app", ports: [app.port] }],
      others: [{ name: "counter", ports: [parts.port], cluster: { protocol } }],
    },
  ]);
  await run(proxy, app);
}

const service: GlobalLimiter = { kind: "service", cluster: "demo/counter:80", domain: "edge" };
const user = { headers: { "x-user": "ann" } };

testPairs(
  "a rate limit service is asked with descriptors as Envoy Gateway's, and its word is kept",
  async ({ client }) => {
    await using counter = await TestService.start();
    await withLimiter({ limiter: service, port: counter.port }, async (proxy, app) => {
      counter.say = [{ over: false, remaining: 3, seconds: 60 }];
      const passed = await ask(client, proxy.port, user);
      assert.equal(passed.status, 200);
      assert.equal(passed.headers["x-ratelimit-limit"], "5, 5;w=604800");
      assert.deepEqual([passed.headers["x-ratelimit-remaining"], passed.headers["x-ratelimit-reset"]], ["3", "60"]);
      const entries = [
        ["limit", "limit"],
        ["rule-0-match-0", "ann"],
        ["rule-0-match-1", "rule-0-match-1"],
        ["masked_remote_address", "127.0.0.0/8"],
        ["remote_address", "127.0.0.1"],
      ] as const;
      const expected = encodeRateLimitRequest("edge", [{ entries, limit: { requests: 5, unit: "Week" }, hits: 2 }]);
      assert.deepEqual(counter.asked[0], expected);
      counter.say = [{ over: true, remaining: 0, seconds: 42 }];
      const refused = await ask(client, proxy.port, user);
      assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "42"]);
      assert.equal(refused.headers["x-ratelimit-remaining"], "0");
      // Nobody's limit: nobody is asked.
      assert.equal((await ask(client, proxy.port)).status, 200);
      assert.deepEqual([counter.asked.length, app.arrived.length], [2, 2]);
    });
  },
);

test("a rule in shadow mode refuses nothing, and an answer is charged when it has ended", async () => {
  await using counter = await TestService.start();
  const rules = [{ ...rule, shadow: true, responseCost: 7 }];
  await withLimiter({ limiter: service, port: counter.port, filter: { rules } }, async (proxy) => {
    counter.say = [{ over: true, remaining: 0, seconds: 42 }];
    assert.equal((await ask("http1", proxy.port, user)).status, 200);
    while (counter.asked.length < 2) await new Promise((later) => setImmediate(later));
    const descriptor = readProtobuf(counter.asked[1]!, 10)?.[1];
    const hits = descriptor?.kind === "bytes" ? readProtobuf(descriptor.value, 10)?.at(-1) : undefined;
    assert.deepEqual(hits?.kind === "bytes" ? readProtobuf(hits.value, 10) : undefined, [
      { number: 1, kind: "varint", value: 7 },
    ]);
  });
});

for (const [onFailure, status] of [
  ["open", 200],
  ["closed", 500],
] as const) {
  for (const say of ["nothing", "garbage", [] as Said[]] as const) {
    test(`a rate limit service that says ${JSON.stringify(say)}: ${onFailure}, and nobody waits longer than is written`, async () => {
      await using counter = await TestService.start();
      counter.say = say as Said[];
      await withLimiter({ limiter: service, port: counter.port, filter: { onFailure } }, async (proxy) => {
        const startMs = performance.now();
        assert.equal((await ask("http1", proxy.port, user)).status, status);
        assert.ok(performance.now() - startMs < 1_000);
        if (onFailure === "closed") assert.equal(proxy.records.at(-1)?.responseFlag, "RLSE");
      });
    });
  }

  test(`a Redis server that is not there, or never answers: ${onFailure}`, async () => {
    await using silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const limiter: GlobalLimiter = {
      kind: "redis",
      cluster: "demo/counter:80",
      database: 0,
      username: "",
      password: undefined,
    };
    for (const at of [port, 1]) {
      await withLimiter({ limiter, port: at, filter: { onFailure } }, async (proxy) => {
        const startMs = performance.now();
        assert.equal((await ask("http1", proxy.port, user)).status, status);
        assert.equal((await ask("http1", proxy.port, user)).status, status);
        assert.ok(performance.now() - startMs < 1_500);
      });
    }
  });
}
