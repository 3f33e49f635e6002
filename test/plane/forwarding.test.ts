import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import type { Forwarding } from "../../src/ir/forwarding.ts";
import type { ListenerSettings } from "../../src/ir/listener-settings.ts";
import { clearClient } from "./http2-client.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane, withSettings } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const forwarding: Forwarding = {
  kind: "listed",
  host: "told",
  headers: [
    { name: "x-real-ip", value: "clientAddress" },
    { name: "x-forwarded-for", value: "clientAddress" },
    { name: "x-forwarded-host", value: "host" },
    { name: "x-forwarded-port", value: "port" },
    { name: "x-forwarded-proto", value: "scheme" },
    { name: "x-scheme", value: "scheme" },
    { name: "x-original-forwarded-for", value: { field: "x-forwarded-for" } },
    { name: "via-gateway", value: "addresses" },
  ],
};

const update = (upstream: RawUpstream, settings: Partial<ListenerSettings> = {}, filters: readonly Filter[] = []) =>
  withSettings(
    buildUpdate([
      {
        name: "http",
        port: 80,
        filters,
        rules: [{ name: "app", backends: [{ name: "app", ports: [upstream.port] }] }],
      },
    ]),
    { forwarding, ...settings },
  );

/** Header lines that the backend got last, but for those of the connection. */
const seen = (upstream: RawUpstream): readonly string[] =>
  (upstream.requests.at(-1)?.head ?? "")
    .split("\r\n")
    .slice(1)
    .filter((line) => line !== "" && !/^(connection|x-request-id):/i.test(line))
    .sort();

const own = ["via-gateway: 192.0.2.7, 127.0.0.1", "x-forwarded-for: 127.0.0.1", "x-forwarded-host: app.example.test"];

test("backends are told what is listed in place of what clients say, and get everything else as it came", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using gateway = await startPlane(update(upstream));
  const lies = ["X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192.0.2.7", "X-Scheme: https", "Via-Gateway: me"];
  const rest = ["Forwarded: for=192.0.2.7", "X-Client-IP: 192.0.2.7", "X-Forwarded-Prefix: /p", "tracestate: a=b"];
  await exchange(gateway.port, get("/", [...lies, ...rest].map((line) => `${line}\r\n`).join("")));
  const lines = seen(upstream).map((line) => line.toLowerCase());
  for (const line of own) assert.ok(lines.includes(line), line);
  for (const line of ["x-real-ip: 127.0.0.1", "x-scheme: http", "x-original-forwarded-for: 192.0.2.7"])
    assert.equal(lines.filter((one) => one.startsWith(line.slice(0, line.indexOf(":")))).join(), line);
  for (const line of rest) assert.ok(lines.includes(line.toLowerCase()), line);
});

test("without a value a header is left out, and no trace begins", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using gateway = await startPlane(update(upstream));
  await exchange(gateway.port, get("/", "X-Original-Forwarded-For: 192.0.2.7\r\n"));
  const names = seen(upstream).map((line) => line.slice(0, line.indexOf(":")).toLowerCase());
  assert.ok(!names.includes("x-original-forwarded-for"));
  assert.ok(!names.includes("traceparent"));
  const trace = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  await exchange(gateway.port, get("/", `traceparent: ${trace}\r\n`));
  assert.ok(seen(upstream).includes(`traceparent: ${trace}`));
});

test("it is the same for requests of HTTP/2", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using gateway = await startPlane(update(upstream));
  await using client = await clearClient(gateway.port);
  await client.request({ ":path": "/", "x-real-ip": "192.0.2.7", forwarded: "for=192.0.2.7" });
  const lines = seen(upstream);
  assert.ok(lines.includes("x-real-ip: 127.0.0.1"));
  assert.ok(!lines.includes("x-real-ip: 192.0.2.7"));
  assert.ok(lines.includes("forwarded: for=192.0.2.7"));
});

test("proxies of trusted networks name client, scheme, host and port, also in a header of their own", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  const trustedNetworks = ["0.0.0.0/0", "::/0"];
  const url = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: public.test\r\nX-Forwarded-Port: 8443\r\n";
  const expected = ["x-forwarded-for: 203.0.113.9", "x-forwarded-host: public.test", "x-forwarded-port: 8443"];
  await using listed = await startPlane(update(upstream, { trustedNetworks }));
  await exchange(listed.port, get("/", `X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n${url}`));
  for (const line of [...expected, "host: public.test", "via-gateway: 203.0.113.9, 192.0.2.1, 127.0.0.1"])
    assert.ok(seen(upstream).includes(line), line);
  await using named = await startPlane(update(upstream, { trustedNetworks, clientAddressHeader: "cf-connecting-ip" }));
  await exchange(named.port, get("/", `CF-Connecting-IP: 203.0.113.9\r\nX-Forwarded-For: 192.0.2.7\r\n${url}`));
  for (const line of [...expected, "CF-Connecting-IP: 203.0.113.9"]) assert.ok(seen(upstream).includes(line), line);
});

test("fields whose names have other bytes are dropped unseen", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  await using strict = await startPlane(update(upstream, { fieldNames: "hyphenated" }));
  const fields = "X_Score: 1\r\nX.Dot: 1\r\nX-Fine: 1\r\n";
  const names = () => seen(upstream).filter((line) => / 1$/.test(line));
  assert.equal((await exchange(strict.port, get("/", fields))).status, 200);
  assert.deepEqual(names(), ["X-Fine: 1"]);
  await using client = await clearClient(strict.port);
  await client.request({ ":path": "/", x_score: "1", "x.dot": "1", "x-fine": "1" });
  assert.deepEqual(names(), ["x-fine: 1"]);
  await using lax = await startPlane(update(upstream, { fieldNames: "underscored" }));
  await exchange(lax.port, get("/", fields));
  assert.deepEqual(names(), ["X-Fine: 1", "X_Score: 1"]);
});

test("a filter's word on a listed header is last", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  const set = { name: "x-real-ip", value: "198.51.100.1" };
  const filter = { kind: "headerModifier", on: "request", set: [set], add: [], remove: ["x-scheme"] } as const;
  await using gateway = await startPlane(update(upstream, {}, [filter]));
  await exchange(gateway.port, get("/"));
  assert.ok(seen(upstream).includes("x-real-ip: 198.51.100.1"));
  assert.deepEqual(
    seen(upstream).filter((line) => /^(x-real-ip|x-scheme):/.test(line)),
    ["x-real-ip: 198.51.100.1"],
  );
});
