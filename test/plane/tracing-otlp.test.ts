import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import type { Tracing } from "../../src/ir/tracing.ts";
import { eventually } from "./eventually.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { buildUpdate, type TestRule } from "./model-builder.ts";
import { type PlaneFixture, type PlaneTestOptions, startPlane } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

type OtlpValue = { readonly stringValue?: string; readonly intValue?: string };
type OtlpAttribute = { readonly key: string; readonly value: OtlpValue };
type OtlpSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status?: { readonly code: number };
};

const serverKind = 2;
const clientKind = 3;

/** A collector on a socket of its own; the answer is that of the n-th export. */
class Collector implements AsyncDisposable {
  readonly upstream: RawUpstream;
  readonly spans: OtlpSpan[] = [];
  services: string[] = [];

  private constructor(upstream: RawUpstream) {
    this.upstream = upstream;
  }

  static async start(statuses: readonly number[] = []): Promise<Collector> {
    let exports = 0;
    const upstream = await RawUpstream.start(({ body }) => {
      const status = statuses[exports++] ?? 200;
      if (status === 200) collector.#read(body);
      return `HTTP/1.1 ${status} X\r\nContent-Length: 2\r\n\r\n{}`;
    });
    const collector = new Collector(upstream);
    return collector;
  }

  of(kind: number): readonly OtlpSpan[] {
    return this.spans.filter((span) => span.kind === kind);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.upstream[Symbol.asyncDispose]();
  }

  #read(body: string): void {
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
      this.services.push(resource.attributes[0].value.stringValue);
      for (const { spans } of scopeSpans) this.spans.push(...spans);
    }
  }
}

const attribute = (span: OtlpSpan | undefined, key: string): string | undefined => {
  const value = span?.attributes.find((one) => one.key === key)?.value;
  return value?.stringValue ?? value?.intValue;
};

const from = { kind: "XTelemetryPolicy", namespace: "demo", name: "traces", pointer: "/spec/tracing" };
const always = { numerator: 1, denominator: 1 };

/** `parentSampling: undefined` takes it away. */
type TracingOptions = Partial<Omit<Tracing, "parentSampling">> & {
  readonly parentSampling?: Tracing["parentSampling"] | undefined;
};

function withTracing(update: PlaneUpdate, options: TracingOptions): PlaneUpdate {
  const [gateway] = update.routing.gateways;
  const { parentSampling, ...tracing } = { parentSampling: always, ...options };
  const full: Tracing = {
    from,
    cluster: "demo/otel:80",
    headers: [],
    sampling: always,
    ...(parentSampling === undefined ? {} : { parentSampling }),
    serviceName: "edge",
    spanName: "",
    attributes: [],
    ...tracing,
  };
  return { ...update, routing: { ...update.routing, gateways: [{ ...gateway!, tracing: full }] } };
}

function start(
  rule: Pick<TestRule, "backends"> & Partial<TestRule>,
  collectorPort: number,
  options: PlaneTestOptions & { readonly tracing?: TracingOptions } = {},
): Promise<PlaneFixture> {
  const { tracing = {}, ...plane } = options;
  const others = [{ name: "otel", ports: [collectorPort] }];
  const update = buildUpdate([{ name: "http", port: 80, rules: [{ name: "app", others, ...rule }] }]);
  return startPlane(withTracing(update, tracing), {
    version: "1.2.3",
    ...plane,
    limits: { spanDelayMs: 1, ...plane.limits },
  });
}

/** Ends the gateway, which sends what waits; the collector has all spans then. */
const end = (gateway: PlaneFixture) => gateway.plane.drain(1_000);

test("tracing: a request gives a span of the gateway and below it one of the attempt, in the caller's trace", async () => {
  await using backend = await RawUpstream.start(() => ok("hi"));
  await using collector = await Collector.start();
  await using gateway = await start(
    { backends: [{ name: "app", ports: [backend.port] }], match: { path: { kind: "prefix", value: "/cart" } } },
    collector.upstream.port,
  );
  const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const lines = `traceparent: ${parent}\r\ntracestate: a=1\r\nUser-Agent: test\r\n`;
  await exchange(gateway.port, get("/cart/7?secret=1", lines));
  await end(gateway);

  const [server] = collector.of(serverKind);
  const [client] = collector.of(clientKind);
  assert.equal(collector.spans.length, 2);
  assert.deepEqual(collector.services, ["edge"]);
  assert.equal(server?.traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.equal(server?.parentSpanId, "b7ad6b7169203331");
  assert.equal(server?.traceState, "a=1");
  assert.equal(server?.name, "GET /cart");
  assert.equal(client?.parentSpanId, server?.spanId);
  const sent = /traceparent: (.*)\r\n/i.exec(backend.requests[0]!.head)?.[1];
  assert.equal(sent, `00-${server?.traceId}-${client?.spanId}-01`);
  assert.deepEqual(
    [
      "http.request.method",
      "url.path",
      "url.scheme",
      "server.address",
      "http.response.status_code",
      "http.route",
      "gateway.name",
      "gateway.route.name",
      "user_agent.original",
    ].map((key) => attribute(server, key)),
    ["GET", "/cart/7", "http", "app.example.test", "200", "/cart", "demo/web", "demo/app", "test"],
  );
  assert.equal(attribute(client, "server.port"), String(backend.port));
  assert.doesNotMatch(JSON.stringify(collector.spans), /secret/);
  assert.ok(BigInt(client!.startTimeUnixNano) >= BigInt(server!.startTimeUnixNano));
  assert.ok(BigInt(client!.endTimeUnixNano) <= BigInt(server!.endTimeUnixNano));
  assert.equal(gateway.records[0]!.traceId, server?.traceId);
});

test("tracing: each attempt has a span of its own, and the backend gets that one as its parent", async () => {
  let calls = 0;
  await using backend = await RawUpstream.start(() =>
    ++calls === 1 ? "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" : ok("hi"),
  );
  await using collector = await Collector.start();
  await using gateway = await start(
    {
      backends: [{ name: "app", ports: [backend.port] }],
      retry: { attempts: 1, codes: [503], backoffMs: 0 },
    },
    collector.upstream.port,
  );
  assert.equal((await exchange(gateway.port, get("/"))).body, "hi");
  await end(gateway);
  const attempts = collector.of(clientKind);
  assert.deepEqual(
    attempts.map((span) => [
      attribute(span, "http.response.status_code"),
      attribute(span, "http.request.resend_count"),
      span.status?.code,
    ]),
    [
      ["503", undefined, 2],
      ["200", "1", undefined],
    ],
  );
  assert.deepEqual(
    backend.requests.map(({ head }) => /traceparent: 00-\w+-(\w+)-01/i.exec(head)?.[1]),
    attempts.map(({ spanId }) => spanId),
  );
  assert.equal(collector.of(serverKind)[0]?.status, undefined);
});

test("tracing: a backend of HTTP/2 gets the span of its attempt as its parent, too", async () => {
  let calls = 0;
  await using backend = await Http2Server.start(({ stream }) => {
    stream.respond({ ":status": ++calls === 1 ? 503 : 200 }, { endStream: true });
  });
  await using collector = await Collector.start();
  const backends = [{ name: "app", ports: [backend.port], cluster: { protocol: "http2" as const } }];
  const retry = { attempts: 1, codes: [503], backoffMs: 0 };
  await using gateway = await start({ backends, retry }, collector.upstream.port);
  assert.equal((await exchange(gateway.port, get("/", "tracestate: a=1\r\n"))).status, 200);
  await end(gateway);
  assert.deepEqual(
    backend.requests.map(({ headers }) => /^00-\w{32}-(\w{16})-01$/.exec(String(headers["traceparent"]))?.[1]),
    collector.of(clientKind).map(({ spanId }) => spanId),
  );
  assert.equal(backend.requests.length, 2);
});

test("tracing: what fails in the gateway is a failed span with the response flag", async () => {
  await using collector = await Collector.start();
  await using gateway = await start({ backends: [{ name: "app", ports: [] }] }, collector.upstream.port);
  await exchange(gateway.port, get("/"));
  await exchange(gateway.port, get("/none", "", "other.test"));
  await end(gateway);
  const [first] = collector.of(serverKind);
  assert.equal(first?.status?.code, 2);
  assert.equal(attribute(first, "error.type"), "NE");
  assert.equal(attribute(first, "http.response.status_code"), "503");
  assert.equal(collector.of(clientKind).length, 0);
});

test("tracing: configured attributes are on every span, and the span has the configured name", async () => {
  await using backend = await RawUpstream.start(() => ok("hi"));
  await using collector = await Collector.start();
  await using gateway = await start({ backends: [{ name: "app", ports: [backend.port] }] }, collector.upstream.port, {
    tracing: {
      serviceName: "shop-edge",
      spanName: "edge request",
      headers: [{ name: "x-api-key", value: "k" }],
      attributes: [
        { kind: "literal", name: "stage", value: "test" },
        { kind: "header", name: "user", header: "x-user" },
        { kind: "header", name: "absent", header: "x-absent" },
        { kind: "attribute", name: "code", key: "http.response.status_code" },
      ],
    },
  });
  await exchange(gateway.port, get("/", "X-User: ann\r\n"));
  await end(gateway);
  assert.deepEqual(collector.services, ["shop-edge"]);
  assert.equal(collector.of(serverKind)[0]?.name, "edge request");
  for (const span of collector.spans) {
    const values = ["stage", "user", "absent", "code"].map((key) => attribute(span, key));
    assert.deepEqual(values, ["test", "ann", undefined, "200"]);
  }
  const { head } = collector.upstream.requests[0]!;
  assert.match(
    head,
    /^POST \/v1\/traces HTTP\/1\.1\r\nhost: otel\.demo:80\r\ncontent-type: application\/json\r\nx-api-key: k\r\n/,
  );
});

test("tracing: new traces are sampled by their share, and what is not sampled says so downstream", async () => {
  await using backend = await RawUpstream.start(() => ok("hi"));
  await using collector = await Collector.start();
  await using gateway = await start({ backends: [{ name: "app", ports: [backend.port] }] }, collector.upstream.port, {
    tracing: { sampling: { numerator: 1, denominator: 4 } },
  });
  for (let i = 0; i < 8; i++) await exchange(gateway.port, get("/"));
  await end(gateway);
  assert.equal(collector.of(serverKind).length, 2);
  const flags = backend.requests.map(({ head }) => /traceparent: .*-(\d\d)\r\n/i.exec(head)?.[1]);
  assert.equal(flags.filter((flag) => flag === "01").length, 2);
  assert.equal(flags.filter((flag) => flag === "00").length, 6);
});

test("tracing: the parent's decision holds, and its share is the most that is recorded", async () => {
  await using backend = await RawUpstream.start(() => ok("hi"));
  await using collector = await Collector.start();
  const trace = (flag: string) => `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flag}`;
  const send = async (tracing: TracingOptions) => {
    await using gateway = await start({ backends: [{ name: "app", ports: [backend.port] }] }, collector.upstream.port, {
      tracing,
    });
    for (const flag of ["00", "01"]) await exchange(gateway.port, get("/", `traceparent: ${trace(flag)}\r\n`));
    await end(gateway);
    const heads = backend.requests.splice(0).map(({ head }) => /traceparent: (.*)\r\n/i.exec(head)?.[1]);
    return { spans: collector.spans.splice(0).filter(({ kind }) => kind === serverKind).length, heads };
  };
  const following = await send({ sampling: { numerator: 0, denominator: 1 } });
  assert.equal(following.spans, 1);
  assert.equal(following.heads[0], trace("00"));
  const thinned = await send({ parentSampling: { numerator: 0, denominator: 1 } });
  assert.equal(thinned.spans, 0);
  assert.deepEqual(thinned.heads, [trace("00"), trace("01")]);
});

test("tracing: a parent that is to be ignored decides nothing", async () => {
  await using backend = await RawUpstream.start(() => ok("hi"));
  await using collector = await Collector.start();
  await using gateway = await start({ backends: [{ name: "app", ports: [backend.port] }] }, collector.upstream.port, {
    tracing: { parentSampling: undefined },
  });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  await exchange(gateway.port, get("/", `traceparent: 00-${traceId}-b7ad6b7169203331-00\r\n`));
  await end(gateway);
  assert.equal(collector.of(serverKind)[0]?.traceId, traceId);
  assert.match(backend.requests[0]!.head, new RegExp(`traceparent: 00-${traceId}-\\w{16}-01\r\n`));
});

test("tracing: a collector that is slow or gone never holds a request, and what is lost is counted", async () => {
  await using backend = await RawUpstream.start(() => ok("hi"));
  await using silent = await RawUpstream.start(() => undefined);
  await using gateway = await start({ backends: [{ name: "app", ports: [backend.port] }] }, silent.port, {
    limits: { spanExportTimeoutMs: 20 },
  });
  for (let i = 0; i < 3; i++) assert.equal((await exchange(gateway.port, get("/"))).body, "hi");
  await end(gateway);
  const dropped = gateway.telemetry.registry.counter("gateway_trace_spans_dropped_total", "web", "demo", "unreachable");
  assert.equal(dropped.value, 6);
});

test("tracing: a batch that the collector cannot take now is sent again, one that it rejects is not", async () => {
  await using backend = await RawUpstream.start(() => ok("hi"));
  await using collector = await Collector.start([503, 200, 400]);
  await using gateway = await start({ backends: [{ name: "app", ports: [backend.port] }] }, collector.upstream.port);
  const { registry } = gateway.telemetry;
  const exported = registry.counter("gateway_trace_spans_exported_total", "web", "demo");
  const rejected = registry.counter("gateway_trace_spans_dropped_total", "web", "demo", "rejected");
  await exchange(gateway.port, get("/"));
  await eventually(() => exported.value === 2);
  await exchange(gateway.port, get("/"));
  await eventually(() => rejected.value === 2);
  assert.equal(collector.spans.length, 2);
});

test("tracing: without a policy the caller's traceparent passes unchanged", async () => {
  await using backend = await RawUpstream.start(() => ok("hi"));
  await using gateway = await startPlane(
    buildUpdate([
      { name: "http", port: 80, rules: [{ name: "app", backends: [{ name: "app", ports: [backend.port] }] }] },
    ]),
  );
  const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await exchange(gateway.port, get("/", `traceparent: ${parent}\r\n`));
  assert.match(backend.requests[0]!.head, new RegExp(`traceparent: ${parent}\r\n`));
});
