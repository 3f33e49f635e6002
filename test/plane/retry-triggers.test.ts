import assert from "node:assert/strict";
import { test } from "node:test";
import type { RetryTriggers } from "../../src/ir/traffic/retry-triggers.ts";
import { GrpcClient } from "./grpc-call.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const none: RetryTriggers = { failures: [], grpcCodes: [], maxBackoffMs: 1 };

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
