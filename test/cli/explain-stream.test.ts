import assert from "node:assert/strict";
import { test } from "node:test";
import { sluice } from "./sluice-process.ts";

const manifests = ["test/golden/base.yaml", "test/golden/route/streams/in.yaml"];

for (const [what, flags, code, expected] of [
  [
    "a TCP connection, with the shares",
    ["--url", "tcp://any:5432"],
    0,
    /TCPRoute default\/first[\s\S]*75% default\/a:80[\s\S]*25% default\/b:80/,
  ],
  ["a UDP flow by its flags", ["--scheme", "udp", "--port", "53"], 0, /UDPRoute default\/dns/],
  ["a TLS connection by its server name", ["--url", "tls://db.example.com:443"], 0, /TLSRoute default\/db/],
  [
    "a server name that no listener covers",
    ["--scheme", "tls", "--port", "443", "--host", "db.example.org"],
    1,
    /refused/,
  ],
  ["a port that no listener has", ["--scheme", "tcp", "--port", "1"], 1, /No TCP listener uses port 1/],
] as const) {
  test(`explain says where ${what} goes`, async () => {
    const answer = await sluice(["explain", ...manifests, ...flags]);
    assert.equal(answer.code, code, answer.out);
    assert.match(answer.out, expected);
  });
}

test("explain asks for the port of a connection", async () => {
  const { code } = await sluice(["explain", ...manifests, "--scheme", "tcp"]);
  assert.equal(code, 2);
});
