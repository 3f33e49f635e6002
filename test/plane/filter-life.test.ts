import assert from "node:assert/strict";
import { test } from "node:test";
import { built, type FilterServices } from "../../src/filter/contract/build.ts";
import { type ExchangeOutcome, type FilterExchange, waiting } from "../../src/filter/contract/exchange.ts";
import { type FilterHook, onOutcome, onRequest, onResponse } from "../../src/filter/contract/hook.ts";
import { page, problem } from "../../src/filter/contract/local-reply.ts";
import type { OwnAnswer } from "../../src/filter/contract/own-request.ts";
import { renderExposition } from "../../src/telemetry/exposition.ts";
import { eventually } from "./eventually.ts";
import { ask, buildWith, hooksOnly, LabBackend, type LabFilter, labFilter, startLab, testPairs } from "./filter-lab.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";

/** Lets a request wait until it is told. */
class Gate {
  readonly waiting: FilterExchange[] = [];
  cancelled = 0;

  get hook(): FilterHook {
    return {
      phase: "request",
      onRequest: (_request, exchange) => {
        this.waiting.push(exchange);
        return waiting;
      },
      cancel: () => {
        this.cancelled++;
      },
    };
  }
}

testPairs("a request waits for a filter and goes on, with content that came meanwhile", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({ pieces: ["done"] }));
  const gate = new Gate();
  await using proxy = await startLab({ protocol: backend, port: app.port }, { gate: hooksOnly(gate.hook) });
  const asked = ask(client, proxy.port, { pieces: ["one ", "two"] });
  await eventually(() => gate.waiting.length === 1);
  setTimeout(() => gate.waiting[0]!.resume(undefined), 30);
  assert.equal((await asked).body.toString(), "done");
  assert.equal(app.arrived[0]?.body, "one two");
  // Nobody waits any more: it changes nothing.
  gate.waiting[0]!.resume(page(200, [], "late"));
});

testPairs("a filter that waited answers", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({}));
  const gate = new Gate();
  await using proxy = await startLab({ protocol: backend, port: app.port }, { gate: hooksOnly(gate.hook) });
  const asked = ask(client, proxy.port);
  await eventually(() => gate.waiting.length === 1);
  gate.waiting[0]!.resume(problem(429, "-", "Slow down.", [["retry-after", "7"]]));
  const answered = await asked;
  assert.deepEqual([answered.status, answered.headers["retry-after"]], [429, "7"]);
  assert.match(answered.body.toString(), /^Slow down\.\nRequest: \S+\n$/);
  assert.equal(app.arrived.length, 0);
});

/** Waits for another server's answer in the phase of the response, and puts it in place of failures. */
function errorPages(services: FilterServices, calls: { count: number }) {
  return built({
    phase: "response",
    onResponse: (response, exchange) => {
      if (response.status < 500) return undefined;
      calls.count++;
      const { status, source } = response;
      const path = `/${source}/${status}`;
      exchange.state = services.requests.send(
        {
          method: "GET",
          head: Buffer.from(`GET ${path} HTTP/1.1\r\nhost: pages\r\n\r\n`),
          content: Buffer.alloc(0),
          acceptsTrailers: false,
          logsIn: false,
        },
        {
          cluster: services.cluster("demo/pages:80")!,
          timeoutMs: 1_000,
          maxAnswerBytes: 10_000,
          repeatable: true,
          client: undefined,
        },
        {
          onAnswer: ({ content }: OwnAnswer) => exchange.resume(page(status, [["x-page", path]], content)),
          onFailure: () => exchange.resume(undefined),
        },
      );
      return waiting;
    },
    cancel: ({ state }) => (state as { cancel(): void }).cancel(),
  });
}

testPairs("a filter puts another server's page in place of an answer, a backend's or our own", async (pair) => {
  const { client, backend } = pair;
  await using app = await LabBackend.start(backend, ({ path }) =>
    path === "/good" ? { pieces: ["good"] } : { status: 503, pieces: ["bad", "x".repeat(100_000)] },
  );
  await using pages = await LabBackend.start("http1", ({ path }) => ({ pieces: [`page of ${path}`] }));
  const calls = { count: 0 };
  const outcomes: ExchangeOutcome[] = [];
  await using proxy = await startLab(
    { protocol: backend, port: app.port },
    {
      marks: hooksOnly(
        onRequest(({ path }) => (path === "/own" ? page(500, []) : undefined)),
        onResponse((response) => void response.setHeader("x-seen", response.source)),
        onOutcome((outcome) => void outcomes.push({ ...outcome })),
      ),
      pages: (services) => errorPages(services, calls),
    },
    { others: [{ name: "pages", ports: [pages.port] }] },
  );
  const good = await ask(client, proxy.port, { path: "/good" });
  assert.deepEqual([good.body.toString(), good.headers["x-seen"]], ["good", "backend"]);
  const bad = await ask(client, proxy.port, { path: "/bad" });
  assert.deepEqual(
    [bad.status, bad.body.toString(), bad.headers["x-page"], bad.headers["x-seen"]],
    [503, "page of /backend/503", "/backend/503", "local"],
  );
  const own = await ask(client, proxy.port, { path: "/own" });
  assert.deepEqual([own.status, own.body.toString()], [500, "page of /local/500"]);
  assert.equal(calls.count, 2);
  await eventually(() => outcomes.length === 3);
  assert.deepEqual(
    outcomes.map(({ status, upstreamStatus, attempts }) => [status, upstreamStatus, attempts]),
    [
      [200, 200, 1],
      [503, 503, 1],
      [500, 0, 0],
    ],
  );
});

test("an answer of which a filter has let the head pass goes out whole, whatever came while it waited", async () => {
  const body = "x".repeat(200_000);
  await using app = await LabBackend.start("http1", () => ({ pieces: [body] }));
  const lateHook: FilterHook = {
    phase: "response",
    onResponse: (response, exchange) => {
      setTimeout(() => {
        response.setHeader("x-late", "yes");
        exchange.resume(undefined);
      }, 30);
      return waiting;
    },
    cancel: () => {},
  };
  await using proxy = await startLab({ protocol: "http1", port: app.port }, { late: hooksOnly(lateHook) });
  for (const client of ["http1", "http2"] as const) {
    const answered = await ask(client, proxy.port);
    assert.deepEqual([answered.headers["x-late"], answered.body.length], ["yes", body.length]);
  }
});

/** Says how exchanges ended. */
class Watch {
  readonly outcomes: ExchangeOutcome[] = [];

  get filter(): LabFilter {
    return hooksOnly(onOutcome((outcome) => void this.outcomes.push({ ...outcome })));
  }

  /** What the only exchange so far has come to. */
  async only(): Promise<readonly [status: number, flag: string, attempts: number]> {
    await eventually(() => this.outcomes.length > 0);
    await new Promise((later) => setTimeout(later, 20));
    assert.equal(this.outcomes.length, 1, "told once");
    const { status, flag, attempts } = this.outcomes[0]!;
    return [status, flag, attempts];
  }
}

testPairs("a filter learns the outcome once, however an exchange ends", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, ({ path }) => {
    if (path === "/silent") return { silent: true };
    return path === "/breaks" ? { pieces: ["x".repeat(10)], breaks: true } : { pieces: ["done"] };
  });
  const leaves = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));
  const rows: readonly {
    readonly name: string;
    readonly path: string;
    readonly filter?: LabFilter;
    readonly leaves?: true;
    readonly requestMs?: number;
    readonly port?: number;
    readonly ends: readonly [number, string, number];
  }[] = [
    { name: "answered", path: "/", ends: [200, "-", 1] },
    { name: "answered by a filter", path: "/", filter: hooksOnly(onRequest(() => page(204, []))), ends: [204, "-", 0] },
    {
      name: "client gone while a filter waits",
      path: "/",
      filter: hooksOnly(new Gate().hook),
      leaves: true,
      ends: [499, "DC", 0],
    },
    { name: "client gone while sending", path: "/silent", leaves: true, ends: [499, "DC", 1] },
    { name: "time over", path: "/silent", requestMs: 50, ends: [504, "RT", 1] },
    { name: "backend broke off", path: "/breaks", ends: [200, "UC", 1] },
    {
      name: "a filter threw",
      path: "/",
      filter: hooksOnly(
        onRequest(() => {
          throw new Error("a bug");
        }),
      ),
      ends: [500, "IE", 0],
    },
  ];
  for (const row of rows) {
    const watch = new Watch();
    const bugs: unknown[] = [];
    await using proxy = await startLab(
      { protocol: backend, port: app.port },
      { watch: watch.filter, ...(row.filter === undefined ? {} : { other: row.filter }) },
      {
        rule: { timeouts: { requestMs: row.requestMs ?? 0 } },
        options: { onBug: (error) => bugs.push(error) },
      },
    );
    const asked = ask(client, proxy.port, { path: row.path, ...(row.leaves ? { until: leaves() } : {}) });
    await asked.catch(() => {});
    const [status, flag, attempts] = await watch.only();
    const [wantedStatus, wantedFlag, wantedAttempts] = row.ends;
    assert.deepEqual([row.name, status, attempts], [row.name, wantedStatus, wantedAttempts]);
    if (row.name === "backend broke off") assert.notEqual(flag, "-");
    else assert.equal(flag, wantedFlag, row.name);
    assert.equal(bugs.length, row.name === "a filter threw" ? 1 : 0);
  }
});

/** Throws in one phase, for paths that say so. */
function throwsIn(phase: string): LabFilter {
  const bug = (): never => {
    throw new Error(`a bug in ${phase}`);
  };
  const hooks: Record<string, FilterHook> = {
    request: onRequest(bug),
    requestContent: { phase: "requestContent", above: "refuse", maxBytes: 100, onContent: bug, cancel: () => {} },
    endpoint: { phase: "endpoint", prefer: bug, insists: false },
    requestStream: { phase: "requestStream", start: () => "see", onContent: bug, onEnd: () => {}, cancel: () => {} },
    response: onResponse(bug),
    responseStream: { phase: "responseStream", start: bug, onContent: bug, onEnd: bug, cancel: () => {} },
    resume: {
      phase: "request",
      onRequest: (_request, exchange) => {
        setTimeout(() => exchange.resume({ kind: "page", status: 42, flag: "-", headers: [], body: "" }), 5);
        return waiting;
      },
      cancel: () => {},
    },
  };
  return hooksOnly(hooks[phase]!);
}

testPairs("what a filter throws ends its own request with 500, and nothing else", async ({ client, backend }) => {
  await using app = await LabBackend.start(backend, () => ({ pieces: ["done"] }));
  for (const phase of [
    "request",
    "requestContent",
    "endpoint",
    "requestStream",
    "response",
    "responseStream",
    "resume",
  ]) {
    const bugs: unknown[] = [];
    const watch = new Watch();
    await using proxy = await startLab(
      { protocol: backend, port: app.port },
      { watch: watch.filter, throws: throwsIn(phase) },
      { options: { onBug: (error) => bugs.push(error) } },
    );
    const answered = await ask(client, proxy.port, { body: "text" });
    assert.deepEqual([phase, answered.status], [phase, 500]);
    assert.match(answered.body.toString(), /^Internal error\.\nRequest: \S+\n$/);
    assert.deepEqual([phase, ...(await watch.only()).slice(0, 2)], [phase, 500, "IE"]);
    assert.equal(bugs.length, 1, phase);
    assert.match(
      [...renderExposition(proxy.telemetry.registry, "prometheus")].join(""),
      /^gateway_internal_errors_total 1$/m,
    );
  }
});

/** Counts builds, and carries a number from one to the next. */
class Builds {
  readonly carried: unknown[] = [];

  get filter(): LabFilter {
    return (services, previous) => {
      this.carried.push(previous);
      const secret = services.secret("key");
      const text = secret?.kind === "opaque" ? Buffer.from(secret.bytesBase64, "base64").toString() : "none";
      return {
        hooks: [onResponse((response) => void response.setHeader("x-secret", text))],
        claimedTrailers: [],
        carried: ((previous as number | undefined) ?? 0) + 1,
      };
    };
  }
}

test("a filter goes on as it is while nothing of it changes, is built anew with its secret, and takes its state over", async () => {
  await using app = await LabBackend.start("http1", () => ({}));
  const builds = new Builds();
  const update = (more: readonly ReturnType<typeof labFilter>[], secret: string, requestMs = 0) =>
    buildUpdate(
      [
        {
          name: "http",
          port: 80,
          rules: [
            {
              name: "app",
              filters: [...more, labFilter("counted")],
              backends: [{ name: "app", ports: [app.port] }],
              timeouts: { requestMs },
            },
          ],
        },
      ],
      new Map([["key", { kind: "opaque", bytesBase64: Buffer.from(secret).toString("base64") }]]),
    );
  await using proxy = await startPlane(update([], "one"), {
    buildFilter: buildWith({ counted: builds.filter, other: hooksOnly() }),
  });
  const secretSeen = async () => (await ask("http1", proxy.port)).headers["x-secret"];
  assert.equal(await secretSeen(), "one");
  await proxy.plane.apply(update([labFilter("other")], "one"));
  await proxy.plane.apply(update([labFilter("other")], "one", 5_000));
  assert.deepEqual(builds.carried, [undefined]);
  await proxy.plane.apply(update([labFilter("other")], "two", 5_000));
  assert.equal(await secretSeen(), "two");
  assert.deepEqual(builds.carried, [undefined, 1]);
});
