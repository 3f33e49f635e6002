import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import type { ClientSelector, RateLimitRule } from "../../src/ir/rate-limit.ts";
import { renderExposition } from "../../src/telemetry/exposition.ts";
import { eventually } from "./eventually.ts";
import { type Answered, ask, LabBackend, type Pair, type Protocol, testPairs } from "./filter-lab.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, startPlane, startRules } from "./plane-fixture.ts";

const everybody: ClientSelector = {
  headers: [],
  query: [],
  claims: [],
  methods: [],
  path: undefined,
  network: undefined,
};

let counters = 0;

/** Three requests an hour for everybody, unless it is said otherwise. */
function rule(more: Partial<RateLimitRule> = {}): RateLimitRule {
  const requests = more.requests ?? 3;
  return {
    counter: { name: `test/${counters++}`, shared: false },
    selectors: [],
    requests,
    unit: "Hour",
    burst: requests,
    requestCost: 1,
    responseCost: 0,
    shadow: false,
    tells: true,
    ...more,
  };
}

function localLimit(...rules: readonly RateLimitRule[]): Filter {
  return { kind: "localRateLimit", status: 429, rules };
}

/** A plane with a rule that has these filters, in front of a backend that answers `fine`. */
async function withFilters(
  { backend }: Pair,
  filters: readonly Filter[],
  run: (proxy: PlaneFixture, app: LabBackend) => Promise<void>,
  answer: Parameters<typeof LabBackend.start>[1] = () => ({ pieces: ["fine"] }),
): Promise<void> {
  await using app = await LabBackend.start(backend, answer);
  const backends = [{ name: "app", ports: [app.port], cluster: { protocol: backend } }];
  await using proxy = await startRules([{ name: "app", filters, backends }]);
  await run(proxy, app);
}

const clear: Pair = { client: "http1", backend: "http1" };

const metricsOf = (proxy: PlaneFixture): string =>
  [...renderExposition(proxy.telemetry.registry, "prometheus")].join("");

async function statuses(
  proxy: PlaneFixture,
  requests: readonly (Parameters<typeof ask>[2] & { protocol?: Protocol })[],
): Promise<readonly number[]> {
  const all: number[] = [];
  for (const request of requests) all.push((await ask(request.protocol ?? "http1", proxy.port, request)).status);
  return all;
}

/** Asks until the answer has this status. */
async function until(client: Protocol, proxy: PlaneFixture, status: number, request = {}): Promise<void> {
  while ((await ask(client, proxy.port, request)).status !== status);
}

const quotaOf = ({ headers }: Answered) =>
  ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map((name) => headers[name]);

testPairs("a local rate limit: what is left, then 429 and when to come again", async (pair) => {
  await withFilters(pair, [localLimit(rule())], async (proxy, app) => {
    const answers: Answered[] = [];
    for (let count = 0; count < 4; count++) answers.push(await ask(pair.client, proxy.port));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 429],
    );
    assert.deepEqual(
      answers.map((answered) => quotaOf(answered).slice(0, 2)),
      ["2", "1", "0", "0"].map((left) => ["3, 3;w=3600", left]),
    );
    const wait = Number(answers[3]!.headers["retry-after"]);
    assert.ok(wait > 1_190 && wait <= 1_200, `${wait}`);
    assert.match(answers[3]!.body.toString(), /^Too many requests\.\nRequest: /);
    assert.equal(app.arrived.length, 3);
    assert.equal(proxy.records.at(-1)?.responseFlag, "RL");
    const text = metricsOf(proxy);
    assert.match(text, /gateway_rate_limited_requests_total\{.*limiter="local",result="admitted".*\} 3/);
    assert.match(text, /gateway_rate_limited_requests_total\{.*limiter="local",result="limited".*\} 1/);
  });
});

test("a local rate limit tells a gRPC call that it is exhausted", async () => {
  await withFilters(
    { client: "http2", backend: "http2" },
    [localLimit(rule({ requests: 0, burst: 0 }))],
    async (proxy) => {
      const answered = await ask("http2", proxy.port, { body: "", headers: { "content-type": "application/grpc" } });
      assert.deepEqual([answered.status, answered.headers["grpc-status"]], [200, "8"]);
      assert.match(String(answered.headers["grpc-message"]), /^Too many requests\./);
    },
  );
});

test("a local rate limit counts each value of a header, each address, parameter and method for itself", async () => {
  const byUser = rule({ requests: 1, selectors: [{ ...everybody, headers: [{ name: "x-user", kind: "distinct" }] }] });
  const byParameter = rule({ requests: 1, selectors: [{ ...everybody, query: [{ name: "k", kind: "distinct" }] }] });
  await withFilters(clear, [localLimit(byUser, byParameter)], async (proxy) => {
    assert.deepEqual(
      await statuses(proxy, [
        { headers: { "x-user": "ann" } },
        { headers: { "x-user": "bob" } },
        { headers: { "x-user": "ann" } },
        // Nobody's.
        {},
        {},
        { path: "/?k=a%62" },
        { path: "/?k=ab" },
        { path: "/?k=b" },
        { headers: { "x-user": "a".repeat(500) } },
        { headers: { "x-user": "a".repeat(501) } },
        { headers: { "x-user": "a".repeat(500) } },
      ]),
      [200, 200, 429, 200, 200, 200, 429, 200, 200, 200, 429],
    );
  });
});

const selectorRows: readonly (readonly [
  name: string,
  selector: Partial<ClientSelector>,
  meant: Parameters<typeof ask>[2],
  other: Parameters<typeof ask>[2],
])[] = [
  [
    "a header's value",
    { headers: [{ name: "x-a", kind: "exact", value: "1", invert: false }] },
    { headers: { "x-a": "1" } },
    { headers: { "x-a": "2" } },
  ],
  [
    "another value than that, or none",
    { headers: [{ name: "x-a", kind: "exact", value: "1", invert: true }] },
    {},
    { headers: { "x-a": "1" } },
  ],
  [
    "an expression",
    { headers: [{ name: "x-a", kind: "regex", value: "[0-9]+", invert: false }] },
    { headers: { "x-a": "12" } },
    { headers: { "x-a": "12a" } },
  ],
  ["a method", { methods: [{ method: "PUT", invert: false }] }, { method: "PUT" }, {}],
  ["another method", { methods: [{ method: "PUT", invert: true }] }, {}, { method: "PUT" }],
  [
    "a path and below",
    { path: { match: { kind: "prefix", value: "/a" }, invert: false } },
    { path: "/a/%62" },
    { path: "/ab" },
  ],
  ["another path", { path: { match: { kind: "exact", value: "/a" }, invert: true } }, { path: "/b" }, { path: "/a" }],
  [
    "a path by expression",
    { path: { match: { kind: "regex", value: "/v[0-9]/.*" }, invert: false } },
    { path: "/v1/x" },
    { path: "/x" },
  ],
  [
    "a parameter",
    { query: [{ name: "k", kind: "exact", value: "v", invert: false }] },
    { path: "/?k=v" },
    { path: "/?k=w" },
  ],
  ["the client's network", { network: { cidr: "127.0.0.0/8", distinct: false, except: [] } }, {}, undefined],
  ["each address", { network: { cidr: "0.0.0.0/0", distinct: true, except: [] } }, {}, undefined],
];

for (const [name, selector, meant, other] of selectorRows) {
  test(`a limit is about ${name}, and about nothing else`, async () => {
    const limit = localLimit(rule({ requests: 1, selectors: [{ ...everybody, ...selector }] }));
    await withFilters(clear, [limit], async (proxy) => {
      const asked = other === undefined ? [meant, meant] : [meant, other, meant, other];
      const expected = other === undefined ? [200, 429] : [200, 200, 429, 200];
      assert.deepEqual(await statuses(proxy, asked as never), expected);
    });
  });
}

test("a network of others is nobody here", async () => {
  const selectors = [{ ...everybody, network: { cidr: "10.0.0.0/8", distinct: false, except: [] } }];
  const v6 = [{ ...everybody, network: { cidr: "::/0", distinct: true, except: [] } }];
  await withFilters(
    clear,
    [localLimit(rule({ requests: 0, burst: 0, selectors }), rule({ requests: 0, burst: 0, selectors: v6 }))],
    async (proxy) => {
      assert.deepEqual(await statuses(proxy, [{}, {}]), [200, 200]);
    },
  );
});

test("a rule without selectors is about those that no other rule is about; of several that fit all count", async () => {
  const selectors = [{ ...everybody, headers: [{ name: "x-a", kind: "exact", value: "1", invert: false } as const] }];
  const filter = localLimit(
    rule({ requests: 1 }),
    rule({ requests: 3, selectors }),
    rule({ requests: 5, selectors, counter: { name: "wide", shared: false } }),
  );
  await withFilters(clear, [filter], async (proxy) => {
    const mine = { headers: { "x-a": "1" } };
    const first = await ask("http1", proxy.port, mine);
    assert.deepEqual(quotaOf(first).slice(0, 2), ["3, 3;w=3600", "2"]);
    assert.deepEqual(await statuses(proxy, [mine, mine, mine, {}, {}]), [200, 200, 429, 200, 429]);
  });
});

test("costs: a dear request, one that costs nothing, and answers that are paid for at their end", async () => {
  const byPath = (value: string) => [
    { ...everybody, path: { match: { kind: "exact", value } as const, invert: false } },
  ];
  const counter = { name: "one purse", shared: true };
  const filter = localLimit(
    rule({ counter, requests: 5, selectors: byPath("/dear"), requestCost: 3 }),
    rule({ counter, requests: 5, selectors: byPath("/free"), requestCost: 0 }),
    rule({ counter, requests: 5, selectors: byPath("/late"), requestCost: 0, responseCost: 4 }),
  );
  await withFilters(clear, [filter], async (proxy) => {
    const asked = ["/dear", "/dear", "/free", "/late", "/free", "/late"].map((path) => ({ path }));
    assert.deepEqual(await statuses(proxy, asked.slice(0, 4)), [200, 429, 200, 200]);
    await until("http1", proxy, 429, { path: "/free" });
    assert.deepEqual(await statuses(proxy, asked.slice(5)), [429]);
  });
});

test("a rule in shadow mode refuses nothing and is counted", async () => {
  await withFilters(clear, [localLimit(rule({ requests: 1, shadow: true }))], async (proxy) => {
    assert.deepEqual(await statuses(proxy, [{}, {}, {}]), [200, 200, 200]);
    assert.match(metricsOf(proxy), /limiter="local",result="shadow".*\} 2/);
  });
});

test("X-RateLimit headers can be switched off, and Retry-After stays", async () => {
  await withFilters(clear, [localLimit(rule({ requests: 1, tells: false }))], async (proxy) => {
    await ask("http1", proxy.port);
    const answered = await ask("http1", proxy.port);
    assert.deepEqual([answered.status, ...quotaOf(answered)], [429, undefined, undefined, undefined]);
    assert.ok(answered.headers["retry-after"]);
  });
});

test("what was counted outlives a change of the limit and of other things; shared counters are one for several rules", async () => {
  await using app = await LabBackend.start("http1", () => ({ pieces: ["fine"] }));
  const backends = [{ name: "app", ports: [app.port] }];
  const update = (requests: number, shared: boolean, other: readonly Filter[]) => {
    const counter = { name: "lasting", shared };
    const filters = [...other, localLimit(rule({ counter, requests, burst: requests }))];
    const rules = ["/a", "/b"].map((value) => ({
      name: value.slice(1),
      match: { path: { kind: "prefix", value } as const },
      filters,
      backends,
    }));
    return buildUpdate([{ name: "http", port: 80, rules }]);
  };
  await using proxy = await startPlane(update(2, false, []));
  const [a, b] = [{ path: "/a" }, { path: "/b" }];
  assert.deepEqual(await statuses(proxy, [a, a, a, b]), [200, 200, 429, 200]);
  const header: Filter = {
    kind: "headerModifier",
    on: "response",
    set: [{ name: "x-new", value: "1" }],
    add: [],
    remove: [],
  };
  await proxy.plane.apply({ ...update(2, false, [header]), generation: 2 });
  assert.equal((await ask("http1", proxy.port, a)).headers["x-new"], "1");
  assert.deepEqual(await statuses(proxy, [a, b, b]), [429, 200, 429]);
  await proxy.plane.apply({ ...update(2, true, []), generation: 3 });
  assert.deepEqual(await statuses(proxy, [a, b, a, b]), [200, 200, 429, 429]);
});

testPairs("requests at a time: one too many is refused, and a place that is left is taken", async (pair) => {
  const filter: Filter = {
    kind: "concurrency",
    status: 429,
    rules: [{ counter: { name: "c", shared: false }, selectors: [], requests: 2 }],
  };
  let silent = true;
  const answer = () => (silent ? { silent: true } : { pieces: ["fine"] });
  await withFilters(
    pair,
    [filter],
    async (proxy, app) => {
      const leaving = Promise.withResolvers<void>();
      const open = [1, 2].map(() => ask(pair.client, proxy.port, { until: leaving.promise }).catch(() => undefined));
      await eventually(() => app.arrived.length === 2);
      const refused = await ask(pair.client, proxy.port);
      assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "1"]);
      silent = false;
      leaving.resolve();
      await Promise.all(open);
      await until(pair.client, proxy, 200);
    },
    answer,
  );
});

testPairs("a request buffer sends nothing before all has come, and refuses what is larger", async (pair) => {
  await withFilters(pair, [{ kind: "requestBuffer", maxBytes: 10, above: "refuse" }], async (proxy, app) => {
    const whole = await ask(pair.client, proxy.port, { pieces: ["12345", "67890"] });
    assert.deepEqual([whole.status, app.arrived[0]?.body], [200, "1234567890"]);
    assert.equal((await ask(pair.client, proxy.port, { body: "12345678901" })).status, 413);
    assert.equal((await ask(pair.client, proxy.port, { pieces: ["12345", "67890", "1"] })).status, 413);
    assert.equal((await ask(pair.client, proxy.port)).status, 200);
    assert.equal(app.arrived.length, 2);
  });
});

testPairs("a request buffer may let larger requests pass as they come", async (pair) => {
  await withFilters(pair, [{ kind: "requestBuffer", maxBytes: 10, above: "stream" }], async (proxy, app) => {
    const sizes = [["12345", "67890"], ["12345", "67890", "1"], ["1234567890abc"]];
    for (const pieces of sizes) assert.equal((await ask(pair.client, proxy.port, { pieces })).status, 200);
    assert.equal((await ask(pair.client, proxy.port, { body: "12345678901" })).status, 200);
    assert.deepEqual(
      app.arrived.map(({ body }) => body),
      [...sizes.map((pieces) => pieces.join("")), "12345678901"],
    );
    assert.equal(app.arrived[0]?.headers["content-length"], "10");
  });
});

testPairs("a limit of content refuses what its head calls larger, and what turns out to be", async (pair) => {
  await withFilters(pair, [{ kind: "bodyLimit", maxBytes: 10 }], async (proxy, app) => {
    const asked = async (request: Parameters<typeof ask>[2]) => (await ask(pair.client, proxy.port, request)).status;
    assert.equal(await asked({ body: "1234567890" }), 200);
    assert.equal(await asked({ pieces: ["12345", "67890"] }), 200);
    assert.equal(await asked({}), 200);
    assert.equal(app.arrived.length, 3);
    assert.equal(await asked({ body: "12345678901" }), 413);
    assert.equal(await asked({ pieces: ["12345", "67890", "1"] }), 413);
    assert.equal(app.arrived.length, 3);
    assert.equal(proxy.records.at(-1)?.responseFlag, "DL");
  });
});

testPairs("bandwidth: content takes its time in both directions, whole, and trailers tell how long", async (pair) => {
  const bandwidth = (name: string) => ({ counter: { name, shared: false }, bytesPerSecond: 100_000 });
  const filter: Filter = {
    kind: "bandwidthLimit",
    eachAnswer: undefined,
    request: bandwidth("up"),
    response: { ...bandwidth("down"), trailerPrefix: "x-" },
  };
  const content = Buffer.alloc(30_000, "x");
  await withFilters(
    pair,
    [filter],
    async (proxy, app) => {
      const startMs = performance.now();
      const te = pair.client === "http1" ? { te: "trailers" } : {};
      const answered = await ask(pair.client, proxy.port, { body: content, headers: te });
      const tookMs = performance.now() - startMs;
      assert.equal(app.arrived[0]?.body, content.toString());
      assert.deepEqual(answered.body, content);
      // 60,000 bytes at 100,000 a second, of which 5,000 in each direction go at once.
      assert.ok(tookMs > 450, `${tookMs} ms`);
      assert.ok(Number(answered.trailers["x-bandwidth-request-filter-delay-ms"]) > 150);
      assert.ok(Number(answered.trailers["x-bandwidth-response-delay-ms"]) > 200);
    },
    () => ({ pieces: [content] }),
  );
});
