import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { eventually } from "./eventually.ts";
import { clearClient } from "./http2-client.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const auth = (forwardBodyBytes = 0): Filter =>
  externalAuth({ allowedHeaders: ["x-id"], allowedResponseHeaders: ["x-seen"], forwardBodyBytes });

type Ports = {
  readonly backend: number;
  readonly server: number;
  readonly requestMs?: number;
  readonly filter?: Filter;
};

function model({ backend, server, requestMs, filter }: Ports) {
  return buildUpdate([
    {
      name: "http",
      port: 80,
      rules: [
        {
          name: "app",
          filters: [filter ?? auth()],
          backends: [{ name: "app", ports: [backend] }],
          others: [{ name: "auth", ports: [server] }],
          ...(requestMs === undefined ? {} : { timeouts: { requestMs } }),
        },
      ],
    },
  ]);
}

/** A server that says yes, and what it saw, once it is let go. */
class HeldServer implements AsyncDisposable {
  readonly upstream: RawUpstream;
  readonly #release: () => void;

  private constructor(upstream: RawUpstream, release: () => void) {
    this.upstream = upstream;
    this.#release = release;
  }

  static async start(): Promise<HeldServer> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const upstream = await RawUpstream.start(async ({ head }) => {
      await promise;
      return ok("", `X-Seen: ${/x-id: (\w+)/.exec(head)?.[1] ?? "none"}\r\n`);
    });
    return new HeldServer(upstream, resolve);
  }

  release(): void {
    this.#release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.upstream[Symbol.asyncDispose]();
  }
}

const seenBy = (head: string): string | undefined => /x-seen: (\w+)/.exec(head)?.[1];

test("externalAuth: requests of many connections that wait for a verdict keep their own heads", async () => {
  await using backend = await RawUpstream.start(({ head }) => ok(`${/x-id: (\w+)/i.exec(head)?.[1]} ${seenBy(head)}`));
  await using server = await HeldServer.start();
  await using gateway = await startPlane(model({ backend: backend.port, server: server.upstream.port }));
  const asked = Array.from({ length: 20 }, (_, id) =>
    exchange(gateway.port, get(`/${"p".repeat(id * 7)}`, `X-Id: r${id}\r\nX-Pad: ${"x".repeat(id * 31)}\r\n`)),
  );
  await eventually(() => server.upstream.requests.length === 20);
  server.release();
  const answers = await Promise.all(asked);
  assert.deepEqual(
    answers.map(({ body }) => body),
    Array.from({ length: 20 }, (_, id) => `r${id} r${id}`),
  );
  assert.deepEqual(
    new Set(backend.requests.map(({ head }) => head.split(" ")[1])),
    new Set(Array.from({ length: 20 }, (_, id) => `/${"p".repeat(id * 7)}`)),
  );
});

test("externalAuth: the same holds for streams of one HTTP/2 connection, with their bodies", async () => {
  await using backend = await RawUpstream.start(({ head, body }) => ok(`${seenBy(head)} ${body}`));
  await using server = await HeldServer.start();
  const update = model({ backend: backend.port, server: server.upstream.port, filter: auth(1_000) });
  await using gateway = await startPlane(update);
  await using client = clearClient(gateway.port);
  const asked = Array.from({ length: 10 }, (_, id) =>
    client.request({ ":method": "POST", ":path": `/${id}`, "x-id": `s${id}` }, `body-${id}`),
  );
  await eventually(() => server.upstream.requests.length === 10);
  assert.deepEqual(
    server.upstream.requests.map(({ body }) => body).sort(),
    Array.from({ length: 10 }, (_, id) => `body-${id}`),
  );
  server.release();
  const answers = await Promise.all(asked);
  assert.deepEqual(
    answers.map(({ body }) => body.toString()),
    Array.from({ length: 10 }, (_, id) => `s${id} body-${id}`),
  );
});

test("externalAuth: a client that leaves while it waits takes the question with it", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  await using server = await HeldServer.start();
  const limits = { authTimeoutMs: 0x7fff_ffff };
  await using gateway = await startPlane(model({ backend: backend.port, server: server.upstream.port }), { limits });
  const client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  await eventually(() => server.upstream.requests.length === 1);
  client.socket.resetAndDestroy();
  await eventually(() => gateway.records.length === 1 && server.upstream.open === 0);
  assert.equal(gateway.records[0]!.responseFlag, "DC");
  assert.equal(backend.requests.length, 0);
});

test("externalAuth: the rule's time limit counts while the server is being asked", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  await using server = await HeldServer.start();
  const update = model({ backend: backend.port, server: server.upstream.port, requestMs: 20 });
  await using gateway = await startPlane(update);
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
  assert.equal(gateway.records[0]!.responseFlag, "RT");
});

test("externalAuth: a request that waits goes on by the configuration that it began with", async () => {
  await using backend = await RawUpstream.start(() => ok("old"));
  await using next = await RawUpstream.start(() => ok("new"));
  await using server = await HeldServer.start();
  await using gateway = await startPlane(model({ backend: backend.port, server: server.upstream.port }));
  const asked = exchange(gateway.port, get("/"));
  await eventually(() => server.upstream.requests.length === 1);
  await gateway.plane.apply({ ...model({ backend: next.port, server: server.upstream.port }), generation: 2 });
  server.release();
  assert.equal((await asked).body, "old");
  assert.equal((await exchange(gateway.port, get("/"))).body, "new");
});

test("externalAuth: a kept connection that the server has closed is no reason to refuse", async () => {
  await using backend = await RawUpstream.start(() => ok("served"));
  await using server = await RawUpstream.start(({ socket, earlier }) => {
    if (earlier === 0) return ok("");
    socket.resetAndDestroy();
    return undefined;
  });
  await using gateway = await startPlane(model({ backend: backend.port, server: server.port }));
  for (let i = 0; i < 3; i++) assert.equal((await exchange(gateway.port, get("/"))).body, "served");
});
