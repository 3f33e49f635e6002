import assert from "node:assert/strict";
import { test } from "node:test";
import type { RetryTriggers } from "../../src/ir/traffic/retry-triggers.ts";
import { renderExposition } from "../../src/telemetry/exposition.ts";
import { GrpcClient } from "./grpc-call.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const none: RetryTriggers = {
  failures: [],
  grpcCodes: [],
  repeats: "any",
  withinMs: 0,
  maxBackoffMs: 1,
};

function start(port: number, triggers: Partial<RetryTriggers>, codes: readonly number[] = []): Promise<PlaneFixture> {
  const retry = { attempts: 1, codes, backoffMs: 1, triggers: { ...none, ...triggers } };
  return startProxy([port], {}, { retry });
}

/** A backend that fails the first request in a way, and answers the others. */
const failOnce = (fail: (socket: { resetAndDestroy(): void }) => string | undefined) => {
  let failed = false;
  return RawUpstream.start(({ socket }) => {
    if (failed) return ok("second");
    failed = true;
    return fail(socket);
  });
};
const reset = (socket: { resetAndDestroy(): void }) => {
  socket.resetAndDestroy();
  return undefined;
};

test("retry: a reset is retried where the policy says so, and nowhere else", async () => {
  await using upstream = await failOnce(reset);
  await using gateway = await start(upstream.port, { failures: ["reset"] });
  assert.equal((await exchange(gateway.port, get("/"))).body, "second");
  await using other = await failOnce(reset);
  await using strict = await start(other.port, { failures: ["connect", "refusedStream", "timeout"] }, [503]);
  assert.equal((await exchange(strict.port, get("/"))).status, 502);
  assert.equal(other.requests.length, 1);
});

test("retry: a status is retried where the policy says so, and nowhere else", async () => {
  const answer = () => "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n";
  await using upstream = await failOnce(answer);
  await using gateway = await start(upstream.port, {}, [409]);
  assert.equal((await exchange(gateway.port, get("/"))).body, "second");
  await using other = await failOnce(answer);
  await using strict = await start(other.port, { failures: ["reset"] }, [503]);
  assert.equal((await exchange(strict.port, get("/"))).status, 409);
});

test("retry: an attempt that takes too long is retried where timeouts are", async () => {
  await using upstream = await failOnce(() => undefined);
  const retry = { attempts: 1, codes: [], backoffMs: 1, triggers: { ...none, failures: ["timeout"] as const } };
  await using gateway = await startProxy([upstream.port], {}, { retry, timeouts: { backendRequestMs: 500 } });
  assert.equal((await exchange(gateway.port, get("/"))).body, "second");
});

test("retry: a call that ends with its head is retried by its status, and not by another's", async () => {
  for (const [codes, calls] of [
    [[14], 2],
    [[1], 1],
  ] as const) {
    await using upstream = await Http2Server.start(({ stream }) =>
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "14" }, { endStream: true }),
    );
    const retry = { attempts: 1, codes: [], backoffMs: 1, triggers: { ...none, grpcCodes: codes } };
    await using gateway = await startProxy(
      [],
      {},
      { backends: [{ name: "app", ports: [upstream.port], cluster: { protocol: "http2" } }], retry },
    );
    await using client = await GrpcClient.connect(gateway.port);
    assert.equal((await client.call("/demo.Echo/Say")).status, 14);
    assert.equal(upstream.requests.length, calls);
  }
});

const post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\nx";

test("retry: where only idempotent methods are repeated, POST goes to one endpoint, GET and PUT to as many as there are attempts", async () => {
  await using upstream = await RawUpstream.start(({ socket }) => reset(socket));
  const retry = {
    attempts: 2,
    codes: [],
    backoffMs: 0,
    triggers: { ...none, failures: ["reset"], repeats: "idempotent" },
  } as const;
  await using gateway = await startProxy([upstream.port], {}, { retry });
  for (const [request, attempts] of [
    [get("/"), 3],
    [post.replace("POST", "PUT"), 3],
    [post, 1],
    [post.replace("POST", "PATCH"), 1],
  ] as const) {
    const before = upstream.requests.length;
    assert.equal((await exchange(gateway.port, request)).status, 502);
    assert.equal(upstream.requests.length - before, attempts, request);
  }
});

test("retry: what no endpoint has seen is repeated whatever its method, at the only endpoint too", async () => {
  const upstream = await RawUpstream.start(() => ok(""));
  const { port } = upstream;
  await upstream[Symbol.asyncDispose]();
  for (const [failures, retries] of [
    [["connect"], 2],
    [["connectTimeout", "reset"], 0],
  ] as const) {
    const retry = {
      attempts: 2,
      codes: [],
      backoffMs: 0,
      triggers: { ...none, failures, repeats: "idempotent" },
    } as const;
    const backends = [{ name: "app", ports: [port], traffic: { connectAttempts: 1 } }];
    await using gateway = await startProxy([], {}, { backends, retry });
    assert.equal((await exchange(gateway.port, post)).status, 502);
    const text = [...renderExposition(gateway.telemetry.registry, "prometheus")].join("");
    const counted = /gateway_http_retries_total\{[^}]*reason="connectFailed"\} (\d+)/.exec(text)?.[1] ?? "0";
    assert.equal(Number(counted), retries);
  }
});

test("retry: a silent endpoint is given up and another is asked, as often as the rule says", async () => {
  await using upstream = await RawUpstream.start(() => undefined);
  const retry = {
    attempts: 2,
    codes: [],
    backoffMs: 0,
    triggers: { ...none, failures: ["timeout"], repeats: "idempotent" },
  } as const;
  await using gateway = await startProxy([upstream.port], {}, { retry, timeouts: { silence: 50 } });
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
  assert.equal(upstream.requests.length, 3);
  assert.equal((await exchange(gateway.port, post)).status, 504);
  assert.equal(upstream.requests.length, 4);
});

test("retry: a silent endpoint on a connection that has served is not asked once more than the rule says", async () => {
  await using upstream = await RawUpstream.start(({ earlier }) => (earlier === 0 ? ok("first") : undefined));
  await using gateway = await startProxy([upstream.port], {}, { timeouts: { silence: 50 } });
  assert.equal((await exchange(gateway.port, get("/"))).body, "first");
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
  assert.equal(upstream.requests.length, 2);
});

test("retry: an answer that cannot be read is retried where the policy says so, and nowhere else", async () => {
  for (const [failures, attempts] of [
    [["invalidAnswer"], 2],
    [["reset"], 1],
  ] as const) {
    await using upstream = await RawUpstream.start(() => "nonsense\r\n\r\n");
    await using gateway = await start(upstream.port, { failures });
    assert.equal((await exchange(gateway.port, get("/"))).status, 502);
    assert.equal(upstream.requests.length, attempts);
  }
});

test("retry: no attempt begins after the time for them is over", async () => {
  await using upstream = await RawUpstream.start(({ socket }) => {
    if (upstream.requests.length === 1) return new Promise((resolve) => setTimeout(() => resolve(reset(socket)), 30));
    return reset(socket);
  });
  const triggers = { ...none, failures: ["reset"], withinMs: 20 } as const;
  await using gateway = await startProxy(
    [upstream.port],
    {},
    { retry: { attempts: 100, codes: [], backoffMs: 0, triggers } },
  );
  assert.equal((await exchange(gateway.port, get("/"))).status, 502);
  assert.equal(upstream.requests.length, 1);
});

test("retry: a connection that has served and is lost counts as an attempt where lost connections do", async () => {
  await using upstream = await RawUpstream.start(({ earlier, socket }) =>
    upstream.requests.length === 1 && earlier === 0 ? ok("first") : reset(socket),
  );
  const triggers = { ...none, failures: ["reset"] } as const;
  await using gateway = await startProxy(
    [upstream.port],
    {},
    { retry: { attempts: 2, codes: [], backoffMs: 0, triggers } },
  );
  assert.equal((await exchange(gateway.port, get("/"))).body, "first");
  assert.equal((await exchange(gateway.port, get("/"))).status, 502);
  assert.equal(upstream.requests.length, 1 + 3);
});
