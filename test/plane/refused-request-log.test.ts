import assert from "node:assert/strict";
import { test } from "node:test";
import { renderExposition } from "../../src/telemetry/exposition.ts";
import type { AccessRecord } from "../../src/telemetry/telemetry.ts";
import { eventually } from "./eventually.ts";
import { Http2Client } from "./http2-client.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { exchange, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

type Line = readonly [protocol: string, method: string, hostname: string, path: string, status: number, flag: string];

/** HTTP/1 requests that do not get as far as routing, with what the access log has of each. */
const rows: readonly (readonly [what: string, sent: string, line: Line])[] = [
  ["a head that cannot be read", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", ["HTTP/1.1", "", "", "", 400, "DPE"]],
  [
    "a path that no two readers agree on",
    "GET /a/..;/b HTTP/1.1\r\nHost: a.test\r\n\r\n",
    ["HTTP/1.1", "GET", "a.test", "", 400, "DPE"],
  ],
  [
    "a body above the limit",
    "POST /up?token=1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 99999\r\n\r\n",
    ["HTTP/1.1", "POST", "a.test", "/up", 413, "DL"],
  ],
  [
    "a line above the limit",
    `GET /${"a".repeat(70_000)} HTTP/1.1\r\nHost: a.test\r\n\r\n`,
    ["HTTP/1.1", "", "", "", 414, "DL"],
  ],
];

const settings = { requestBodyBytes: 1000 };

function lineOf(record: AccessRecord): Line {
  const { protocol, method, hostname, path, statusCode, responseFlag } = record;
  return [protocol, method, hostname, path, statusCode, responseFlag];
}

/** How many refused requests the metrics count for a reason. */
function refusals({ telemetry }: PlaneFixture, reason: string): number {
  const text = [...renderExposition(telemetry.registry, "prometheus")].join("");
  const listener = 'gateway_name="web",gateway_namespace="demo",listener="http"';
  const begin = `gateway_http_rejected_requests_total{${listener},reason="${reason}"} `;
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(begin))
      ?.slice(begin.length) ?? 0,
  );
}

for (const [what, sent, line] of rows) {
  test(`the access log has a line for a refused request: ${what}`, async () => {
    await using upstream = await RawUpstream.start(() => ok("x"));
    await using gateway = await startProxy([upstream.port], { settings });
    const { status } = await exchange(gateway.port, sent);
    assert.equal(status, line[4]);
    assert.deepEqual(gateway.records.map(lineOf), [line]);
    assert.equal(refusals(gateway, line[5]), 1);
    const [record] = gateway.records;
    assert.deepEqual([record?.sourceIp, record?.labels.gateway_name, record?.upstream], ["127.0.0.1", "web", ""]);
    assert.equal(upstream.requests.length, 0);
  });
}

test("the access log has a line without a status for another protocol, which would read no answer", async () => {
  await using gateway = await startProxy([1]);
  await using client = await RawClient.connect(gateway.port);
  client.send("OPTIONS * RTSP/1.0\r\n\r\n");
  await client.ending();
  assert.deepEqual(
    gateway.records.map(({ statusCode, responseFlag }) => [statusCode, responseFlag]),
    [[0, "DPE"]],
  );
});

/** The same over HTTP/2, by the fields that differ from those of a plain request. */
const http2Rows: readonly (readonly [what: string, sent: Readonly<Record<string, string>>, line: Line])[] = [
  ["a path that no two readers agree on", { ":path": "/a/..;/b?token=1" }, ["HTTP/2", "GET", "a.test", "", 400, "DPE"]],
  [
    "a body above the limit",
    { ":method": "POST", ":path": "/up?token=1", "content-length": "99999" },
    ["HTTP/2", "POST", "a.test", "/up", 413, "DL"],
  ],
  [
    "a path above the limit",
    { ":path": `/${"a".repeat(20_000)}?token=1` },
    ["HTTP/2", "GET", "a.test", `/${"a".repeat(20_000)}`, 414, "DL"],
  ],
  ["a host that is none", { ":authority": "a..test" }, ["HTTP/2", "GET", "a..test", "/", 400, "DPE"]],
  [
    "an expectation that cannot be met",
    { expect: "tea", ":path": "/x?token=1" },
    ["HTTP/2", "GET", "a.test", "/x", 417, "DPE"],
  ],
  [
    "a tunnel of no kind",
    { ":method": "CONNECT", ":protocol": "cake" },
    ["HTTP/2", "CONNECT", "a.test", "/", 501, "DPE"],
  ],
  [
    "a head above the limit",
    Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`x-${index}`, "a".repeat(6900)])),
    ["HTTP/2", "", "", "", 431, "DL"],
  ],
];

for (const [what, sent, line] of http2Rows) {
  test(`the access log has one line for a refused request of HTTP/2: ${what}`, async () => {
    await using upstream = await RawUpstream.start(() => ok("x"));
    await using gateway = await startProxy([upstream.port], { settings });
    await using client = new Http2Client(`http://127.0.0.1:${gateway.port}`);
    const body = sent[":method"] === undefined ? undefined : "x";
    const { status } = await client.request({ ":authority": "a.test", ":path": "/", ...sent }, body);
    assert.equal(status, line[4]);
    await eventually(() => gateway.records.length > 0);
    assert.deepEqual(gateway.records.map(lineOf), [line]);
    assert.equal(gateway.records[0]?.labels.gateway_name, "web");
    assert.equal(refusals(gateway, line[5]), 1);
    assert.equal(upstream.requests.length, 0);
  });
}

test("the access log has one line without a status for a request of HTTP/2 whose head contradicts its end", async () => {
  await using gateway = await startProxy([1]);
  await using client = new Http2Client(`http://127.0.0.1:${gateway.port}`);
  const sent = client.request({
    ":method": "POST",
    ":authority": "a.test",
    ":path": "/up?token=1",
    "content-length": "5",
  });
  await assert.rejects(sent);
  assert.deepEqual(gateway.records.map(lineOf), [["HTTP/2", "POST", "a.test", "/up", 0, "DPE"]]);
  assert.equal(refusals(gateway, "DPE"), 1);
});
