/** Fields that the gateway writes itself: who has the last word on them, who sees them, and who cannot forge them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { clearClient } from "./http2-client.ts";
import { startProxy, startRules } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const modifier = (on: "request" | "response", parts: Partial<Extract<Filter, { kind: "headerModifier" }>>): Filter => ({
  kind: "headerModifier",
  on,
  set: [],
  add: [],
  remove: [],
  ...parts,
});

/** Lines of a head by lower-case name, each value of its own. */
function linesOf(head: string): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    lines.set(name, [...(lines.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return lines;
}

const traceparent = "00-11111111111111111111111111111111-2222222222222222-01";
const owned: readonly (readonly [name: string, value: string])[] = [
  ["x-forwarded-for", "192.0.2.9"],
  ["x-forwarded-proto", "https"],
  ["x-forwarded-port", "8443"],
  ["x-forwarded-host", "public.example.test"],
  ["x-request-id", "mine"],
  ["traceparent", traceparent],
  ["forwarded", "for=192.0.2.9"],
  ["x-forwarded-client-cert", "Hash=00"],
];

test("a filter that sets a field of the gateway's leaves one line, with its value", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  const set = owned.map(([name, value]) => ({ name, value }));
  await using gateway = await startProxy([upstream.port], {}, { filters: [modifier("request", { set })] });
  await using client = clearClient(gateway.port);
  await exchange(
    gateway.port,
    get("/", "X-Forwarded-Proto: client\r\nTraceparent: client\r\nX-Request-Id: client\r\n"),
  );
  await client.request({ ":path": "/", "x-forwarded-proto": "client", "x-request-id": "client" });
  for (const { head } of upstream.requests) {
    const lines = linesOf(head);
    for (const [name, value] of owned) assert.deepEqual(lines.get(name), [value], name);
  }
});

test("a filter that removes a field of the gateway's leaves none, one that adds leaves both", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  const filters = [
    modifier("request", { remove: owned.map(([name]) => name).filter((name) => name !== "x-forwarded-for") }),
    modifier("request", { add: [{ name: "x-forwarded-for", value: "192.0.2.9" }] }),
  ];
  await using gateway = await startProxy([upstream.port], {}, { filters });
  await exchange(gateway.port, get("/", "X-Request-Id: client\r\n"));
  const lines = linesOf(upstream.requests[0]!.head);
  for (const [name] of owned.slice(1)) assert.equal(lines.get(name), undefined, name);
  assert.deepEqual(lines.get("x-forwarded-for")?.toSorted(), ["127.0.0.1", "192.0.2.9"]);
});

test("a filter has the last word on Date too", async () => {
  await using upstream = await RawUpstream.start(({ head }) =>
    head.startsWith("GET /own") ? ok("", "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n") : ok(""),
  );
  const answer: Filter = { kind: "directResponse", status: 418, reason: "" };
  const rule = (name: string, filters: readonly Filter[]) => ({
    name,
    match: { path: { kind: "prefix", value: `/${name}` } } as const,
    backends: [{ name: "app", ports: [upstream.port] }],
    filters,
  });
  const set = modifier("response", { set: [{ name: "date", value: "never" }] });
  const remove = modifier("response", { remove: ["date"] });
  await using gateway = await startRules([
    rule("set", [set]),
    rule("remove", [remove]),
    rule("own-set", [set]),
    rule("own-remove", [remove]),
    rule("reply-set", [set, answer]),
    rule("reply-remove", [remove, answer]),
  ]);
  await using client = clearClient(gateway.port);
  for (const place of ["", "own-", "reply-"]) {
    assert.equal((await exchange(gateway.port, get(`/${place}set`))).headers.get("date"), "never");
    assert.equal((await client.request({ ":path": `/${place}set` })).headers.date, "never");
    assert.equal((await exchange(gateway.port, get(`/${place}remove`))).headers.get("date"), undefined);
    assert.equal((await client.request({ ":path": `/${place}remove` })).headers.date, undefined);
  }
});

test("names with underscores do not get past a filter that sets or removes them with hyphens", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  const filters = [modifier("request", { set: [{ name: "x-user", value: "bob" }], remove: ["x-admin-role"] })];
  await using gateway = await startProxy([upstream.port], {}, { filters });
  await using client = clearClient(gateway.port);
  await exchange(gateway.port, get("/", "X_User: eve\r\nx-USER: eve\r\nX-Admin_Role: root\r\nX_Users: 1\r\n"));
  await client.request({ ":path": "/", x_user: "eve", "x_admin-role": "root", x_users: "1" });
  for (const { head } of upstream.requests) {
    assert.doesNotMatch(head, /eve|root/);
    assert.deepEqual(linesOf(head).get("x-user"), ["bob"]);
    assert.deepEqual(linesOf(head).get("x_users"), ["1"]);
  }
});

test("routes match what the gateway says of a client, never what the client says", async () => {
  await using secure = await RawUpstream.start(() => ok("secure"));
  await using plain = await RawUpstream.start(() => ok("plain"));
  const rules = [
    {
      name: "secure",
      match: { headers: [{ name: "x-forwarded-proto", kind: "exact", value: "https" }] } as const,
      backends: [{ name: "secure", ports: [secure.port] }],
    },
    {
      name: "prefixed",
      match: { headers: [{ name: "x-forwarded-prefix", kind: "regex", value: ".*" }] } as const,
      backends: [{ name: "secure", ports: [secure.port] }],
    },
    {
      name: "named",
      match: { headers: [{ name: "x-drop", kind: "exact", value: "1" }] } as const,
      backends: [{ name: "secure", ports: [secure.port] }],
    },
    { name: "plain", backends: [{ name: "plain", ports: [plain.port] }] },
  ];
  {
    await using gateway = await startRules(rules);
    for (const lines of [
      "X-Forwarded-Proto: https\r\n",
      "X-Forwarded-Prefix: /a\r\n",
      "Connection: x-drop\r\nX-Drop: 1\r\n",
    ]) {
      assert.equal((await exchange(gateway.port, get("/", lines))).body, "plain", lines);
    }
  }
  await using gateway = await startRules(rules, { settings: { trust: { trustedHops: 1, source: "x-forwarded-for" } } });
  assert.equal((await exchange(gateway.port, get("/", "X-Forwarded-Proto: https\r\n"))).body, "secure");
  assert.equal((await exchange(gateway.port, get("/", "X-Forwarded-Prefix: /a\r\n"))).body, "secure");
});

const claims = [
  "X-Forwarded-Prefix: /evil",
  "X-Forwarded-Ssl: evil",
  "X_Forwarded_Scheme: evil",
  "X-Forwarded-Server: evil",
  "X-Forwarded: evil",
  "X-Real-IP: evil",
  "X-Original-URL: /evil",
  "X-Original-Host: evil",
  "X-Rewrite-URL: /evil",
];

test("a client's claims reach a backend only through proxies that are trusted", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  const lines = `${claims.join("\r\n")}\r\nX-Forwarded-Port: 0\r\nX-Stays: 1\r\n`;
  {
    await using gateway = await startProxy([upstream.port]);
    await using client = clearClient(gateway.port);
    await exchange(gateway.port, get("/", lines));
    const fields = claims.map((line) => line.toLowerCase().split(": ") as [string, string]);
    await client.request({ ":path": "/", "x-stays": "1", ...Object.fromEntries(fields) });
    for (const { head } of upstream.requests) {
      assert.doesNotMatch(head, /evil/i);
      assert.deepEqual(linesOf(head).get("x-stays"), ["1"]);
    }
  }
  await using gateway = await startProxy([upstream.port], {
    settings: { trust: { trustedHops: 1, source: "x-forwarded-for" } },
  });
  const ports = [];
  for (const port of ["0", "65536", "443", "x"]) {
    await exchange(gateway.port, get("/", lines.replace("Port: 0", `Port: ${port}`)));
    const { head } = upstream.requests.at(-1)!;
    for (const line of claims) assert.ok(head.includes(line), line);
    ports.push(linesOf(head).get("x-forwarded-port")?.join());
  }
  const own = String(gateway.port);
  assert.deepEqual(ports, [own, own, "443", own]);
});

test("proxies that keep Forwarded are believed by it, and X-Forwarded-For is the client's then", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port], {
    settings: { trust: { trustedHops: 1, source: "forwarded" } },
  });
  const lines =
    "Forwarded: for=192.0.2.9;proto=https;host=shop.test\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: evil\r\nX-Forwarded-Port: 6666\r\nX-Real-IP: 6.6.6.6\r\n";
  await exchange(gateway.port, get("/", lines));
  const sent = linesOf(upstream.requests[0]!.head);
  assert.deepEqual(
    ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"].map((name) => sent.get(name)?.join()),
    ["192.0.2.9, 127.0.0.1", "https", "shop.test"],
  );
  assert.deepEqual([sent.get("x-forwarded-port"), sent.get("x-real-ip")], [[String(gateway.port)], undefined]);
  assert.equal(sent.get("forwarded")?.length, 1);
  assert.match(sent.get("forwarded")![0]!, /^for=192\.0\.2\.9;proto=https;host=shop\.test, for=127\.0\.0\.1;/);
  assert.equal(gateway.records[0]?.sourceIp, "192.0.2.9");
});

test("an authorisation server sees neither claims nor fields that Connection names; its own of one hop stay with it", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using server = await RawUpstream.start(({ head }) =>
    head.includes("GET /deny")
      ? "HTTP/1.1 403 Forbidden\r\nConnection: X-Hop\r\nX-Hop: secret\r\nX-Why: no\r\nContent-Length: 0\r\n\r\n"
      : ok("", "Connection: X-Hop\r\nX-Hop: secret\r\nX-User: bob\r\n"),
  );
  const filters: Filter[] = [
    modifier("request", { set: [{ name: "x-forwarded-proto", value: "wss" }] }),
    externalAuth({ allowedHeaders: ["x-drop", "x-real-ip", "x-stays"] }),
  ];
  await using gateway = await startProxy(
    [upstream.port],
    {},
    { filters, others: [{ name: "auth", ports: [server.port] }] },
  );
  const lines = "Connection: X-Drop\r\nX-Drop: 1\r\nX-Real-IP: 9.9.9.9\r\nX-Stays: 1\r\n";
  await exchange(gateway.port, get("/allow", lines));
  const asked = linesOf(server.requests[0]!.head);
  assert.deepEqual(
    ["x-drop", "x-real-ip", "x-stays", "x-forwarded-proto"].map((name) => asked.get(name)?.join()),
    [undefined, undefined, "1", "wss"],
  );
  const sent = linesOf(upstream.requests[0]!.head);
  assert.deepEqual([sent.get("x-hop"), sent.get("x-user")], [undefined, ["bob"]]);
  await exchange(gateway.port, get("/%61llow/%7Ejo|x"));
  const target = ({ head }: { readonly head: string }) => head.split(" ")[1];
  assert.deepEqual(
    [server, upstream].map(({ requests }) => target(requests.at(-1)!)),
    ["/allow/~jo%7Cx", "/%61llow/%7Ejo|x"],
  );
  const denied = await exchange(gateway.port, get("/deny", lines));
  assert.deepEqual([denied.status, denied.headers.get("x-hop"), denied.headers.get("x-why")], [403, undefined, "no"]);
});

/** A chunked request with one trailer, to `/`. */
const withTrailer = (trailer: string): string =>
  `POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n${trailer}\r\n\r\n`;
const header = (name: string) => ({ name, value: "1" });

test("a client's trailers cannot undo what a filter does to a header, in whatever spelling", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  const long = `x-${"long-".repeat(20)}`;
  const filters = [
    modifier("request", { set: [header("x-user")], add: [header("x_added")], remove: ["x-internal", `${long}name`] }),
    modifier("response", { set: [header("x-answer")] }),
  ];
  await using gateway = await startProxy([upstream.port], {}, { filters });
  await using client = clearClient(gateway.port);
  const rows: readonly (readonly [name: string, status: number])[] = [
    ["x-sum", 200],
    ["X-User", 400],
    ["x_user", 400],
    ["x-users", 200],
    ["x-added", 400],
    ["x-internal", 400],
    [`${long}name`, 400],
    [`${long}names`, 200],
    ["x-answer", 200],
  ];
  for (const [name, status] of rows) {
    assert.equal((await exchange(gateway.port, withTrailer(`${name}: root`))).status, status, name);
  }
  for (const [name, status] of rows) {
    const sent = client.request({ ":method": "POST", ":path": "/" }, "A", { [name]: "root" });
    const answered = await sent.then(
      (response) => response.status,
      () => 400,
    );
    assert.equal(answered, status, `HTTP/2 ${name}`);
  }
});
