import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "./eventually.ts";
import { Http2Client } from "./http2-client.ts";
import { startProxy } from "./plane-fixture.ts";
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

const limits = { requestBodyBytes: 1000 };

for (const [what, sent, line] of rows) {
  test(`the access log has a line for a refused request: ${what}`, async () => {
    await using upstream = await RawUpstream.start(() => ok("x"));
    await using gateway = await startProxy([upstream.port], { limits });
    const { status } = await exchange(gateway.port, sent);
    assert.equal(status, line[4]);
    const records = gateway.records.map((record) => [
      record.protocol,
      record.method,
      record.hostname,
      record.path,
      record.statusCode,
      record.responseFlag,
    ]);
    assert.deepEqual(records, [line]);
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

test("the access log has a line for each refused request of HTTP/2", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port], { limits });
  await using client = new Http2Client(`http://127.0.0.1:${gateway.port}`);
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`x-${index}`, "a".repeat(6900)]));
  assert.equal((await client.request({ ":authority": "a.test", ":path": "/a/..;/b" })).status, 400);
  assert.equal((await client.request({ ":authority": "a.test", ":path": "/x", ...many })).status, 431);
  await eventually(() => gateway.records.length === 2);
  assert.deepEqual(
    gateway.records.map(({ protocol, method, hostname, statusCode, responseFlag }) => [
      protocol,
      method,
      hostname,
      statusCode,
      responseFlag,
    ]),
    [
      ["HTTP/2", "GET", "a.test", 400, "DPE"],
      ["HTTP/2", "", "", 431, "DL"],
    ],
  );
});
