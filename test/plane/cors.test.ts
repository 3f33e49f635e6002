import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import type { HttpMatch } from "../../src/ir/match.ts";
import { startProxy, startRules } from "./plane-fixture.ts";
import { exchange, type RawResponse } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

type Cors = Extract<Filter, { kind: "cors" }>;

function cors(changes: Partial<Cors>): Cors {
  return {
    kind: "cors",
    allowOrigins: ["https://www.foo.com", "https://*.bar.com"],
    allowCredentials: false,
    allowMethods: ["GET", "OPTIONS"],
    allowHeaders: ["x-header-1", "x-header-2"],
    exposeHeaders: ["x-header-3", "x-header-4"],
    maxAgeSeconds: 3600,
    ...changes,
  };
}

type Sent = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the backend answers. */
  readonly response?: Readonly<Record<string, string>>;
};

function requestOf({ method = "GET", headers = {} }: Sent, path = "/"): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nHost: app.example.test\r\n${lines.join("")}\r\n`;
}

/** Headers of an answer but for those that every answer has. */
function headersOf({ headers }: RawResponse): Readonly<Record<string, string>> {
  const usual = ["date", "content-length"];
  return Object.fromEntries([...headers].filter(([name]) => !usual.includes(name)));
}

/** Sends a request through a gateway with this one filter. `passed`: the backend was asked. */
async function runFilter(filter: Filter, sent: Sent) {
  const lines = Object.entries(sent.response ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  await using upstream = await RawUpstream.start(() => ok("", lines.join("")));
  await using gateway = await startProxy([upstream.port], {}, { filters: [filter] });
  const answer = await exchange(gateway.port, requestOf(sent));
  return {
    status: answer.status,
    body: answer.body,
    passed: upstream.requests.length > 0,
    response: headersOf(answer),
  };
}

const preflight = (origin: string, more: Readonly<Record<string, string>> = {}) => ({
  method: "OPTIONS",
  headers: { origin, "access-control-request-method": "PUT", ...more },
});

describe("CORS answers a preflight request itself", () => {
  test("with everything that is allowed, when the origin is", async () => {
    const answer = await runFilter(cors({ allowCredentials: true }), preflight("https://www.foo.com"));
    const { response } = answer;
    assert.deepEqual([answer.status, answer.body, answer.passed], [200, "", false]);
    assert.deepEqual(response, {
      "access-control-allow-origin": "https://www.foo.com",
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, OPTIONS",
      "access-control-allow-headers": "x-header-1, x-header-2",
      "access-control-expose-headers": "x-header-3, x-header-4",
      "access-control-max-age": "3600",
      vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    });
  });

  test("without any CORS header, when the origin is not allowed", async () => {
    const { status, passed, response } = await runFilter(cors({}), preflight("https://foobar.com"));
    assert.deepEqual([status, passed], [200, false]);
    assert.deepEqual(
      Object.keys(response).filter((name) => name.startsWith("access-control-")),
      [],
    );
  });

  test("and lets OPTIONS pass that is no preflight", async () => {
    for (const sent of [
      { method: "OPTIONS" },
      { method: "OPTIONS", headers: { origin: "https://www.foo.com" } },
      { method: "GET", headers: preflight("https://www.foo.com").headers },
    ]) {
      assert.equal((await runFilter(cors({}), sent)).passed, true);
    }
  });

  test("and omits lists that the configuration does not have", async () => {
    const { response } = await runFilter(
      cors({ allowMethods: [], allowHeaders: [], exposeHeaders: [] }),
      preflight("https://www.foo.com"),
    );
    assert.equal(response["access-control-allow-methods"], undefined);
    assert.equal(response["access-control-allow-headers"], undefined);
    assert.equal(response["access-control-expose-headers"], undefined);
    assert.equal(response["access-control-allow-credentials"], undefined);
  });

  for (const allowCredentials of [true, false]) {
    test(`and echoes what "*" allows ${allowCredentials ? "with" : "without"} credentials`, async () => {
      const filter = cors({ allowMethods: ["*"], allowHeaders: ["*"], allowCredentials });
      const asked = await runFilter(
        filter,
        preflight("https://www.foo.com", { "access-control-request-headers": "x-1, x-2" }),
      );
      assert.equal(asked.response["access-control-allow-methods"], "PUT");
      assert.equal(asked.response["access-control-allow-headers"], "x-1, x-2");
      const notAsked = await runFilter(filter, preflight("https://www.foo.com"));
      assert.equal(notAsked.response["access-control-allow-headers"], undefined);
    });
  }
});

describe("CORS marks the response to a cross-origin request", () => {
  const rows: readonly [origin: string, filter: Partial<Cors>, expected: string | undefined][] = [
    ["https://www.foo.com", {}, "https://www.foo.com"],
    ["https://WWW.foo.com", {}, "https://WWW.foo.com"],
    ["https://www.foo.com:443", {}, "https://www.foo.com:443"],
    ["https://www.foo.com:8443", {}, undefined],
    ["https://a_b-1.bar.com", {}, "https://a_b-1.bar.com"],
    ["https://a',b.bar.com", {}, undefined],
    ["https://a`id`.bar.com", {}, undefined],
    ["https://*.bar.com", {}, undefined],
    ["https://.bar.com", {}, undefined],
    ["https://a..bar.com", {}, undefined],
    ["http://www.foo.com", {}, undefined],
    ["https://www.bar.com", {}, "https://www.bar.com"],
    ["https://a.b.bar.com", {}, "https://a.b.bar.com"],
    ["https://bar.com", {}, undefined],
    ["https://foobar.com", {}, undefined],
    ["https://bar.com.evil.test", {}, undefined],
    ["https://evil.test/.bar.com", {}, undefined],
    ["https://evil.test?.bar.com", {}, undefined],
    ["https://user@www.bar.com", {}, undefined],
    ["null", {}, undefined],
    ["", {}, undefined],
    ["null", { allowOrigins: ["*"] }, "*"],
    ["https://any.test:1", { allowOrigins: ["*"] }, "*"],
    ["https://any.test:1", { allowOrigins: ["*"], allowCredentials: true }, "https://any.test:1"],
    ["http://any.test", { allowOrigins: ["http://*"] }, "http://any.test"],
    ["https://any.test", { allowOrigins: ["http://*"] }, undefined],
    ["http://any.test:8080", { allowOrigins: ["http://*:8080"] }, "http://any.test:8080"],
    ["http://any.test", { allowOrigins: ["http://*:8080"] }, undefined],
    ["http://[::1]:3000", { allowOrigins: ["http://[::1]:3000"] }, "http://[::1]:3000"],
    ["https://www.foo.com", { allowOrigins: [] }, undefined],
  ];
  for (const [origin, filter, expected] of rows) {
    test(`origin ${JSON.stringify(origin)} with ${JSON.stringify(filter)} gets ${expected ?? "nothing"}`, async () => {
      const { response } = await runFilter(cors(filter), { headers: { origin } });
      assert.equal(response["access-control-allow-origin"], expected);
      assert.equal(response["access-control-expose-headers"], expected && "x-header-3, x-header-4");
    });
  }

  test("with credentials only when they are allowed", async () => {
    const headers = { origin: "https://www.foo.com" };
    assert.equal((await runFilter(cors({}), { headers })).response["access-control-allow-credentials"], undefined);
    const allowed = await runFilter(cors({ allowCredentials: true }), { headers });
    assert.equal(allowed.response["access-control-allow-credentials"], "true");
  });

  test("but not when any origin is allowed without credentials and the request has them", async () => {
    const anyone = cors({ allowOrigins: ["*"] });
    const origin = "https://any.test";
    for (const headers of [
      { origin, cookie: "a=b" },
      { origin, authorization: "Bearer x" },
    ]) {
      assert.equal((await runFilter(anyone, { headers })).response["access-control-allow-origin"], undefined);
    }
  });

  test("also with an Authorization header that allowHeaders permits to scripts", async () => {
    const tokens = cors({ allowOrigins: ["*"], allowHeaders: ["Authorization"] });
    const headers = { origin: "https://any.test", authorization: "Bearer x" };
    assert.equal((await runFilter(tokens, { headers })).response["access-control-allow-origin"], "*");
  });

  test("and overrules what the backend says about origins", async () => {
    const response = {
      "access-control-allow-origin": "https://foobar.com",
      "access-control-allow-credentials": "true",
    };
    const refused = await runFilter(cors({}), { headers: { origin: "https://foobar.com" }, response });
    assert.deepEqual(refused.response, { vary: "Origin" });
  });

  test("and says that it varies by origin, once, unless it is the same for all", async () => {
    const headers = { origin: "https://www.foo.com" };
    const vary = async (filter: Partial<Cors>, response: Readonly<Record<string, string>>) =>
      (await runFilter(cors(filter), { headers, response })).response["vary"];
    assert.equal(await vary({}, {}), "Origin");
    assert.equal(await vary({}, { vary: "Accept-Encoding" }), "Accept-Encoding, Origin");
    assert.equal(await vary({}, { vary: "accept, origin" }), "accept, origin");
    assert.equal(await vary({}, { vary: "*" }), "*");
    assert.equal(await vary({ allowOrigins: ["*"] }, {}), undefined);
    assert.equal((await runFilter(cors({}), {})).response["vary"], "Origin");
  });
});

describe("CORS answers the preflight of a request that the rule's matches choose", () => {
  const app = { allowOrigins: ["https://app.test"] };
  const header = (name: string, value: string) => ({ name, kind: "exact", value }) as const;
  const asks = (method: string, names?: string): Sent => ({
    method: "OPTIONS",
    headers: {
      origin: "https://app.test",
      "access-control-request-method": method,
      ...(names === undefined ? {} : { "access-control-request-headers": names }),
    },
  });
  const token = [header("x-token", "secret"), header("x-version", "2")];
  const rows: readonly [match: Partial<HttpMatch>, sent: Sent, status: number][] = [
    [{ method: "GET" }, asks("GET"), 200],
    [{ method: "GET" }, asks("GET", "x-other"), 200],
    [{ method: "GET" }, asks("PUT"), 404],
    [{ method: "GET" }, { method: "OPTIONS", headers: { origin: "https://app.test" } }, 404],
    [{ method: "GET" }, { method: "OPTIONS", headers: { "access-control-request-method": "GET" } }, 404],
    [{ method: "OPTIONS" }, asks("GET"), 200],
    [{ headers: token }, asks("GET", "X-Token, x-version"), 200],
    [{ headers: token }, asks("GET", "x-token"), 404],
    [{ headers: token }, asks("GET"), 404],
    [{ headers: [header("x-token", "secret")], method: "PUT" }, asks("PUT", "x-token"), 200],
    [{ headers: [header("x-token", "secret")], method: "PUT" }, asks("GET", "x-token"), 404],
  ];
  for (const [match, sent, status] of rows) {
    test(`${JSON.stringify(match)}: ${JSON.stringify(sent.headers)} gets ${status}`, async () => {
      await using upstream = await RawUpstream.start(() => ok("never"));
      await using gateway = await startProxy([upstream.port], {}, { match, filters: [cors(app)] });
      const answer = await exchange(gateway.port, requestOf(sent));
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get("access-control-allow-origin"), status === 200 ? "https://app.test" : undefined);
      assert.equal(upstream.requests.length, 0);
    });
  }

  test("and leaves it to the rule that OPTIONS chooses where the filter is not", async () => {
    await using upstream = await RawUpstream.start(({ head }) => ok(/^x-rule: (.*)$/im.exec(head)?.[1] ?? ""));
    const backends = [{ name: "app", ports: [upstream.port] }];
    const named = (value: string): Filter => ({
      kind: "headerModifier",
      on: "request",
      set: [{ name: "x-rule", value }],
      add: [],
      remove: [],
    });
    await using gateway = await startRules([
      { name: "read", match: { method: "GET" }, filters: [named("read")], backends },
      { name: "write", match: { method: "PUT" }, filters: [cors(app)], backends },
      { name: "rest", filters: [named("rest")], backends },
    ]);
    const ask = async (method: string) => (await exchange(gateway.port, requestOf(asks(method)))).body;
    assert.deepEqual([await ask("GET"), await ask("PUT"), await ask("POST")], ["rest", "", "rest"]);
  });
});
