import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { runFilter } from "./message.ts";

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

const preflight = (origin: string, more: Readonly<Record<string, string>> = {}) => ({
  method: "OPTIONS",
  headers: { origin, "access-control-request-method": "PUT", ...more },
});

describe("CORS answers a preflight request itself", () => {
  test("with everything that is allowed, when the origin is", () => {
    const { reply, response } = runFilter(cors({ allowCredentials: true }), preflight("https://www.foo.com"));
    assert.equal(reply?.status, 200);
    assert.equal(reply?.body, "");
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

  test("without any CORS header, when the origin is not allowed", () => {
    const { reply, response } = runFilter(cors({}), preflight("https://foobar.com"));
    assert.equal(reply?.status, 200);
    assert.deepEqual(
      Object.keys(response).filter((name) => name.startsWith("access-control-")),
      [],
    );
  });

  test("and lets OPTIONS pass that is no preflight", () => {
    assert.equal(runFilter(cors({}), { method: "OPTIONS" }).reply, undefined);
    assert.equal(
      runFilter(cors({}), { method: "OPTIONS", headers: { origin: "https://www.foo.com" } }).reply,
      undefined,
    );
    assert.equal(
      runFilter(cors({}), { method: "GET", ...{ headers: preflight("https://www.foo.com").headers } }).reply,
      undefined,
    );
  });

  test("and omits lists that the configuration does not have", () => {
    const { response } = runFilter(
      cors({ allowMethods: [], allowHeaders: [], exposeHeaders: [] }),
      preflight("https://www.foo.com"),
    );
    assert.equal(response["access-control-allow-methods"], undefined);
    assert.equal(response["access-control-allow-headers"], undefined);
    assert.equal(response["access-control-expose-headers"], undefined);
    assert.equal(response["access-control-allow-credentials"], undefined);
  });

  for (const allowCredentials of [true, false]) {
    test(`and echoes what "*" allows ${allowCredentials ? "with" : "without"} credentials`, () => {
      const filter = cors({ allowMethods: ["*"], allowHeaders: ["*"], allowCredentials });
      const asked = runFilter(
        filter,
        preflight("https://www.foo.com", { "access-control-request-headers": "x-1, x-2" }),
      );
      assert.equal(asked.response["access-control-allow-methods"], "PUT");
      assert.equal(asked.response["access-control-allow-headers"], "x-1, x-2");
      const notAsked = runFilter(filter, preflight("https://www.foo.com"));
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
    test(`origin ${JSON.stringify(origin)} with ${JSON.stringify(filter)} gets ${expected ?? "nothing"}`, () => {
      const { response } = runFilter(cors(filter), { headers: { origin } });
      assert.equal(response["access-control-allow-origin"], expected);
      assert.equal(response["access-control-expose-headers"], expected && "x-header-3, x-header-4");
    });
  }

  test("with credentials only when they are allowed", () => {
    const headers = { origin: "https://www.foo.com" };
    assert.equal(runFilter(cors({}), { headers }).response["access-control-allow-credentials"], undefined);
    const allowed = runFilter(cors({ allowCredentials: true }), { headers });
    assert.equal(allowed.response["access-control-allow-credentials"], "true");
  });

  test("but not when any origin is allowed without credentials and the request has them", () => {
    const anyone = cors({ allowOrigins: ["*"] });
    const origin = "https://any.test";
    for (const headers of [
      { origin, cookie: "a=b" },
      { origin, authorization: "Bearer x" },
    ]) {
      assert.equal(runFilter(anyone, { headers }).response["access-control-allow-origin"], undefined);
    }
  });

  test("also with an Authorization header that allowHeaders permits to scripts", () => {
    const tokens = cors({ allowOrigins: ["*"], allowHeaders: ["Authorization"] });
    const headers = { origin: "https://any.test", authorization: "Bearer x" };
    assert.equal(runFilter(tokens, { headers }).response["access-control-allow-origin"], "*");
  });

  test("and overrules what the backend says about origins", () => {
    const response = {
      "access-control-allow-origin": "https://foobar.com",
      "access-control-allow-credentials": "true",
    };
    const refused = runFilter(cors({}), { headers: { origin: "https://foobar.com" }, response });
    assert.deepEqual(refused.response, { vary: "Origin" });
  });

  test("and says that it varies by origin, once, unless it is the same for all", () => {
    const headers = { origin: "https://www.foo.com" };
    const vary = (filter: Partial<Cors>, response: Readonly<Record<string, string>>) =>
      runFilter(cors(filter), { headers, response }).response["vary"];
    assert.equal(vary({}, {}), "Origin");
    assert.equal(vary({}, { vary: "Accept-Encoding" }), "Accept-Encoding, Origin");
    assert.equal(vary({}, { vary: "accept, origin" }), "accept, origin");
    assert.equal(vary({}, { vary: "*" }), "*");
    assert.equal(vary({ allowOrigins: ["*"] }, {}), undefined);
    assert.equal(runFilter(cors({}), {}).response["vary"], "Origin");
  });
});
