import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { clearClient } from "./http2-client.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { exchange } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const additionalOrigins = ["https://partner.example", "https://*.shop.example"];

function csrf(numerator = 0): Filter {
  return { kind: "csrf", additionalOrigins, shadow: { numerator, denominator: 100 } };
}

function counted({ telemetry }: PlaneFixture, result: string): number {
  return telemetry.registry.counter("gateway_csrf_requests_total", "HTTPRoute", "demo", "test", result).value;
}

/** Method, host, headers and status. */
const cases: readonly (readonly [string, string, string, number])[] = [
  ["POST", "app.example", "Origin: https://app.example", 200],
  ["POST", "app.example", "Origin: http://app.example", 200],
  ["POST", "app.example:443", "Origin: https://app.example", 200],
  ["POST", "app.example", "Origin: https://app.example:443", 200],
  ["POST", "app.example:8443", "Origin: https://app.example:8443", 200],
  ["POST", "APP.example", "Origin: https://app.EXAMPLE", 200],
  ["POST", "app.example", "Origin: https://partner.example", 200],
  ["PUT", "app.example", "Origin: https://a.b.shop.example", 200],
  ["POST", "app.example", "Referer: https://app.example/form?x=https://evil.example", 200],
  ["GET", "app.example", "Origin: https://evil.example", 200],
  ["HEAD", "app.example", "Origin: https://evil.example", 200],
  ["OPTIONS", "app.example", "Origin: https://evil.example", 200],
  ["POST", "app.example", "Origin: https://evil.example", 403],
  ["PUT", "app.example", "Origin: https://evil.example", 403],
  ["PATCH", "app.example", "Origin: https://evil.example", 403],
  ["DELETE", "app.example", "Origin: https://evil.example", 403],
  ["POST", "app.example", "X-None: 1", 403],
  ["POST", "app.example", "Origin: null", 403],
  ["POST", "app.example", "Origin: null\r\nReferer: https://app.example/", 403],
  ["POST", "app.example", "Origin: https://evil.example\r\nReferer: https://app.example/", 403],
  ["POST", "app.example", "Origin: https://app.example\r\nOrigin: https://evil.example", 403],
  ["POST", "app.example", "Referer: https://evil.example/app.example", 403],
  ["POST", "app.example", "Referer: https://app.example@evil.example/", 403],
  ["POST", "app.example", "Origin: https://app.example.evil.example", 403],
  ["POST", "app.example", "Origin: https://evilapp.example", 403],
  ["POST", "app.example", "Origin: https://app.example:8443", 403],
  ["POST", "app.example:8443", "Origin: https://app.example", 403],
  ["POST", "app.example", "Origin: http://partner.example", 403],
  ["POST", "app.example", "Origin: https://shop.example", 403],
  ["POST", "app.example", "Origin: ftp://app.example", 403],
  ["POST", "app.example", "Origin: app.example", 403],
];

test("csrf: changes are for pages of the same origin, or of one that is permitted", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port], {}, { filters: [csrf()] });
  for (const [method, host, headers, status] of cases) {
    const request = `${method} / HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\nContent-Length: 0\r\n\r\n`;
    assert.equal((await exchange(gateway.port, request)).status, status, `${method} ${host} ${headers}`);
  }
  assert.equal(gateway.records.at(-1)!.responseFlag, "CS");
  const refused = cases.filter(([, , , status]) => status === 403).length;
  assert.equal(counted(gateway, "refused"), refused);
});

test("csrf: over HTTP/2 the authority counts", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port], {}, { filters: [csrf()] });
  await using client = clearClient(gateway.port);
  const post = (origin: string) =>
    client.request({ ":method": "POST", ":path": "/", ":authority": "app.example", origin });
  assert.equal((await post("https://app.example")).status, 200);
  assert.equal((await post("https://evil.example")).status, 403);
});

test("csrf: of the share that is in the shadow, what would be refused is only counted", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  const draws = [0.29, 0.3];
  const random = () => draws.shift()!;
  await using gateway = await startProxy([upstream.port], { random }, { filters: [csrf(30)] });
  const post = "POST / HTTP/1.1\r\nHost: app.example\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n";
  assert.equal((await exchange(gateway.port, post)).status, 200);
  assert.equal((await exchange(gateway.port, post)).status, 403);
  assert.equal(counted(gateway, "shadowed"), 1);
});
