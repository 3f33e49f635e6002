/** Which hooks an exchange meets, in which order, for every pair of protocols and every way to end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { built } from "../../src/filter/contract/build.ts";
import { type FilterExchange, type Waiting, waiting } from "../../src/filter/contract/exchange.ts";
import { page } from "../../src/filter/contract/local-reply.ts";
import { eventually } from "./eventually.ts";
import { type Asked, ask, buildWith, LabBackend, type LabFilter, labFilter, type Pair, pairs } from "./filter-lab.ts";
import { buildUpdate, type TestRule } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { RawUpstream } from "./raw-upstream.ts";

/** What the rule's filter does besides taking notes. */
type Does = "nothing" | "answers" | "waits" | "waitsForAnswer" | "replaces";

/** A filter with a hook for every phase, that takes notes of all. */
function notes(stage: string, lines: string[], does: Does): LabFilter {
  const note = (line: string): void => {
    lines.push(`${stage} ${line}`);
  };
  const waits = (exchange: FilterExchange): Waiting => {
    exchange.state = true;
    return waiting;
  };
  return () =>
    built(
      {
        phase: "request",
        onRequest: (_request, exchange) => {
          note("request");
          if (does === "answers") return page(403, []);
          return does === "waits" ? waits(exchange) : undefined;
        },
        cancel: () => note("request cancelled"),
      },
      {
        phase: "endpoint",
        insists: false,
        prefer: () => {
          note("endpoint");
          return undefined;
        },
      },
      {
        phase: "requestStream",
        start: () => {
          note("request content");
          return "see";
        },
        onContent: () => {},
        onEnd: () => note("request end"),
        cancel: () => note("request content cancelled"),
      },
      {
        phase: "response",
        onResponse: ({ status, source }, exchange) => {
          note(`response ${status} ${source}`);
          if (does === "replaces" && source === "backend") return page(418, []);
          return does === "waitsForAnswer" ? waits(exchange) : undefined;
        },
        cancel: () => note("response cancelled"),
      },
      {
        phase: "responseStream",
        start: () => {
          note("response content");
          return "see";
        },
        onContent: () => {},
        onEnd: () => note("response end"),
        cancel: () => note("response content cancelled"),
      },
      { phase: "outcome", onOutcome: ({ status, flag, attempts }) => note(`outcome ${status} ${flag} ${attempts}`) },
    );
}

type Way = {
  readonly name: string;
  readonly does?: Does;
  readonly asked?: Asked;
  readonly rule?: Partial<TestRule>;
  /** The client leaves once this was noted. */
  readonly leavesAt?: string;
  readonly lines: readonly string[];
};

const requests = ["listener request", "rule request", "backend request"];
const contents = ["listener request content", "rule request content", "backend request content"];
const ends = ["listener request end", "rule request end", "backend request end"];
const endpoint = ["backend endpoint", "rule endpoint", "listener endpoint"];
const sent = [...requests, ...contents, ...ends, ...endpoint];
const back = (stages: readonly string[], line: string) => stages.map((stage) => `${stage} ${line}`);
const all = ["backend", "rule", "listener"];
const own = ["rule", "listener"];
const outcomes = (line: string) => [`listener outcome ${line}`, `rule outcome ${line}`, `backend outcome ${line}`];

const ways: readonly Way[] = [
  {
    name: "answered",
    asked: { path: "/" },
    lines: [
      ...sent,
      ...back(all, "response 200 backend"),
      ...back(all, "response content"),
      ...back(all, "response end"),
      ...outcomes("200 - 1"),
    ],
  },
  {
    name: "answered by a filter",
    does: "answers",
    lines: [
      "listener request",
      "rule request",
      ...back(own, "response 403 local"),
      "listener outcome 403 - 0",
      "rule outcome 403 - 0",
    ],
  },
  {
    name: "the answer replaced by a filter",
    does: "replaces",
    lines: [
      ...sent,
      "backend response 200 backend",
      "rule response 200 backend",
      "listener response 418 local",
      ...outcomes("418 - 1"),
    ],
  },
  {
    name: "the client gone while a filter waits",
    does: "waits",
    leavesAt: "rule request",
    lines: [
      "listener request",
      "rule request",
      "rule request cancelled",
      "listener outcome 499 DC 0",
      "rule outcome 499 DC 0",
    ],
  },
  {
    name: "the client gone while the backend is asked",
    asked: { path: "/silent" },
    leavesAt: "arrived",
    lines: [...sent, ...outcomes("499 DC 1")],
  },
  {
    name: "the client gone while a filter holds the answer",
    does: "waitsForAnswer",
    leavesAt: "rule response 200 backend",
    lines: [
      ...sent,
      "backend response 200 backend",
      "rule response 200 backend",
      "rule response cancelled",
      ...outcomes("200 DC 1"),
    ],
  },
  {
    name: "the time over",
    asked: { path: "/silent" },
    rule: { timeouts: { requestMs: 100 } },
    lines: [...sent, ...back(own, "response 504 local"), ...outcomes("504 RT 1")],
  },
  {
    name: "retried",
    asked: { path: "/fails-once" },
    rule: { retry: { attempts: 1, codes: [503], backoffMs: 1 } },
    lines: [
      ...sent,
      ...endpoint,
      ...back(all, "response 200 backend"),
      ...back(all, "response content"),
      ...back(all, "response end"),
      ...outcomes("200 - 2"),
    ],
  },
];

/** Follows one exchange to its end and returns what was noted. */
async function follow(pair: Pair, way: Way): Promise<readonly string[]> {
  const lines: string[] = [];
  let arrived = 0;
  await using app = await LabBackend.start(pair.backend, ({ path }) => {
    arrived++;
    if (path === "/silent") return { silent: true };
    return path === "/fails-once" && arrived === 1 ? { status: 503 } : { pieces: ["done"] };
  });
  const cluster = { protocol: pair.backend };
  const backends = [{ name: "app", ports: [app.port], cluster, filters: [labFilter("backend")] }];
  const rule = { name: "app", filters: [labFilter("rule")], backends, ...way.rule };
  const update = buildUpdate([{ name: "http", port: 80, filters: [labFilter("listener")], rules: [rule] }]);
  const filters = {
    listener: notes("listener", lines, "nothing"),
    rule: notes("rule", lines, way.does ?? "nothing"),
    backend: notes("backend", lines, "nothing"),
  };
  await using proxy = await startPlane(update, { buildFilter: buildWith(filters) });
  const { leavesAt } = way;
  const until =
    leavesAt === undefined
      ? undefined
      : eventually(() => (leavesAt === "arrived" ? arrived > 0 : lines.includes(leavesAt)));
  await ask(pair.client, proxy.port, { ...way.asked, ...(until === undefined ? {} : { until }) }).catch(() => {});
  await eventually(() => lines.some((line) => line.startsWith("listener outcome")));
  return lines;
}

for (const way of ways) {
  for (const pair of pairs) {
    test(`the life of a request, ${way.name}: ${pair.client} to ${pair.backend}`, async () => {
      assert.deepEqual(await follow(pair, way), way.lines);
    });
  }
}

/** What an exchange with a backend that answers with these bytes is noted as. */
async function followRaw(answer: string | undefined, request: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await using app = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => (answer === undefined ? socket.destroy() : socket.end(answer)));
  });
  const backends = [{ name: "app", ports: [app.port] }];
  const update = buildUpdate([
    { name: "http", port: 80, rules: [{ name: "app", filters: [labFilter("rule")], backends }] },
  ]);
  await using proxy = await startPlane(update, { buildFilter: buildWith({ rule: notes("rule", lines, "nothing") }) });
  const client = connect(proxy.port, "127.0.0.1");
  client.on("error", () => {});
  await once(client, "connect");
  client.resume();
  client.write(request);
  await eventually(() => lines.some((line) => line.startsWith("rule outcome")));
  client.destroy();
  return lines;
}

const get = "GET / HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n";
const sentByRule = ["rule request", "rule request content", "rule request end", "rule endpoint"];

test("the life of a request, the backend gone before an answer", async () => {
  assert.deepEqual(await followRaw(undefined, get), [
    ...sentByRule,
    "rule response 502 local",
    "rule outcome 502 UC 1",
  ]);
});

test("the life of a request, the backend gone within its answer", async () => {
  assert.deepEqual(await followRaw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", get), [
    ...sentByRule,
    "rule response 200 backend",
    "rule response content",
    "rule response content cancelled",
    "rule outcome 200 UC 1",
  ]);
});

test("the life of a request, a tunnel", async () => {
  const upgrade = "GET / HTTP/1.1\r\nhost: app\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
  const agreed = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nbye";
  const lines = await followRaw(agreed, upgrade);
  assert.deepEqual(lines.slice(0, -1), [...sentByRule, "rule response 101 backend"]);
  assert.match(lines.at(-1) ?? "", /^rule outcome 101 \S+ 1$/);
});
