import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brief, compileCase, httpRoute, service, yaml } from "../../../test/compile-case.ts";
import { externalAuth } from "../../../test/external-auth-filter.ts";
import type { Filter } from "../../ir/filter.ts";
import { conditionOf } from "../report/conditions.ts";

/** Compiles a rule with one filter, given as `type: …, field: …`. */
function compileFilter(filter: string, docs: readonly string[] = [service("api")]) {
  const answers = filter.includes("RequestRedirect");
  const route = httpRoute(`  - matches: [{ path: { value: /a } }]
    filters: [{ ${filter} }]
    ${answers ? "" : "backendRefs: [{ name: api, port: 80 }]"}`);
  const compiled = compileCase(yaml(route, ...docs));
  return {
    filter: compiled.entries[0]?.rule.filters[0]?.filter as Filter,
    findings: compiled.findings,
    names: brief(compiled.findings),
    compiled,
  };
}

const at = "/spec/rules/0/filters/0";

describe("compileHeaderModifier", () => {
  it("lowers names and keeps order and values", () => {
    const { filter, names } = compileFilter(
      "type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: X-A, value: One }], add: [{ name: X-B, value: 'two,three' }], remove: [X-C] }",
    );
    assert.deepEqual(filter, {
      kind: "headerModifier",
      on: "request",
      set: [{ name: "x-a", value: "One" }],
      add: [{ name: "x-b", value: "two,three" }],
      remove: ["x-c"],
    });
    assert.deepEqual(names, []);
  });

  it("refuses headers of the connection, Host on requests, pseudo-headers and what is no name", () => {
    const { filter, names, findings } = compileFilter(
      "type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: Host, value: a }, { name: Transfer-Encoding, value: chunked }], remove: [':path', 'a b', Connection] }",
    );
    assert.deepEqual(filter, { kind: "headerModifier", on: "request", set: [], add: [], remove: [] });
    assert.deepEqual(
      names,
      ["set/0", "set/1", "remove/0", "remove/1", "remove/2"].map(
        (field) => `header-not-modifiable ${at}/requestHeaderModifier/${field}`,
      ),
    );
    assert.match(findings[0]?.fix ?? "", /URLRewrite/);
  });

  it("may remove Host from responses", () => {
    const { filter } = compileFilter("type: ResponseHeaderModifier, responseHeaderModifier: { remove: [Host] }");
    assert.deepEqual(filter.kind === "headerModifier" && filter.remove, ["host"]);
  });

  it("lets the first action for a name count", () => {
    const { filter, names } = compileFilter(
      "type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: A, value: one }], add: [{ name: a, value: two }] }",
    );
    assert.deepEqual(filter, {
      kind: "headerModifier",
      on: "request",
      set: [{ name: "a", value: "one" }],
      add: [],
      remove: [],
    });
    assert.deepEqual(names, [`header-modified-twice ${at}/requestHeaderModifier/add/0`]);
  });
});

describe("compileRequestRedirect and compileUrlRewrite", () => {
  it("leaves out what the user left out, and answers 302 by default", () => {
    assert.deepEqual(compileFilter("type: RequestRedirect, requestRedirect: { scheme: https }").filter, {
      kind: "requestRedirect",
      status: 302,
      scheme: "https",
    });
    assert.deepEqual(
      compileFilter(
        "type: RequestRedirect, requestRedirect: { hostname: b.example, port: 8443, statusCode: 308, path: { type: ReplacePrefixMatch, replacePrefixMatch: /b } }",
      ).filter,
      {
        kind: "requestRedirect",
        status: 308,
        hostname: "b.example",
        port: 8443,
        path: { kind: "prefix", value: "/b" },
      },
    );
  });

  it("gives a path its leading slash and keeps an empty prefix empty", () => {
    const pathOf = (path: string) => {
      const { filter } = compileFilter(`type: URLRewrite, urlRewrite: { path: { ${path} } }`);
      return filter.kind === "urlRewrite" ? filter.path : undefined;
    };
    assert.deepEqual(pathOf("type: ReplaceFullPath, replaceFullPath: b"), { kind: "full", value: "/b", query: "" });
    assert.deepEqual(pathOf("type: ReplaceFullPath, replaceFullPath: '/l?x=1?'"), {
      kind: "full",
      value: "/l",
      query: "x=1?",
    });
    assert.deepEqual(pathOf("type: ReplacePrefixMatch, replacePrefixMatch: ''"), { kind: "prefix", value: "" });
    assert.deepEqual(pathOf("type: ReplacePrefixMatch, replacePrefixMatch: b/"), { kind: "prefix", value: "/b/" });
  });

  it("rewrites the host", () => {
    assert.deepEqual(compileFilter("type: URLRewrite, urlRewrite: { hostname: b.example }").filter, {
      kind: "urlRewrite",
      hostname: "b.example",
    });
  });
});

describe("compileRequestMirror", () => {
  const mirror = (extra: string, docs?: readonly string[]) =>
    compileFilter(`type: RequestMirror, requestMirror: { backendRef: { name: api, port: 80 }${extra} }`, docs);

  it("mirrors everything, a percentage or a fraction", () => {
    for (const [extra, fraction] of [
      ["", { numerator: 1, denominator: 1 }],
      [", percent: 20", { numerator: 20, denominator: 100 }],
      [", fraction: { numerator: 1, denominator: 1000 }", { numerator: 1, denominator: 1000 }],
      [", fraction: { numerator: 5 }", { numerator: 5, denominator: 100 }],
    ] as const) {
      assert.deepEqual(mirror(extra).filter, { kind: "requestMirror", cluster: "shop/api:80", fraction });
    }
  });

  it("mirrors nothing to a backend that does not resolve, and says so on the route", () => {
    const { filter, findings } = compileFilter(
      "type: RequestMirror, requestMirror: { backendRef: { name: gone, port: 80 } }",
    );
    assert.equal(filter.kind === "requestMirror" && filter.cluster, undefined);
    assert.deepEqual(brief(findings), [`backend-not-found ${at}/requestMirror/backendRef/name`]);
    assert.equal(conditionOf(findings[0]!)?.reason, "BackendNotFound");
  });

  it("speaks HTTP/2 to the mirror of a GRPCRoute", () => {
    const route = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: web, namespace: shop }
spec:
  rules:
  - filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: api, port: 80 } } }]
    backendRefs: [{ name: api, port: 80 }]`;
    assert.deepEqual([...compileCase(yaml(route, service("api"))).clusters.keys()], ["shop/api:80|http2"]);
  });

  it("notes a share of 0", () => {
    assert.deepEqual(mirror(", percent: 0").names, [`mirror-share-zero ${at}/requestMirror/percent`]);
  });

  it("may stand several times", () => {
    const route = httpRoute(`  - filters:
      - { type: RequestMirror, requestMirror: { backendRef: { name: api, port: 80 } } }
      - { type: RequestMirror, requestMirror: { backendRef: { name: api, port: 80 }, percent: 1 } }
    backendRefs: [{ name: api, port: 80 }]`);
    assert.equal(compileCase(yaml(route, service("api"))).entries[0]?.rule.filters.length, 2);
  });
});

describe("compileCors", () => {
  const cors = (fields: string) => compileFilter(`type: CORS, cors: { ${fields} }`);

  it("applies the defaults and writes origins as browsers do", () => {
    assert.deepEqual(
      cors("allowOrigins: ['https://Shop.example.com:443', 'http://*.example.com:80', 'https://a.example:8443']")
        .filter,
      {
        kind: "cors",
        allowOrigins: ["https://shop.example.com", "http://*.example.com", "https://a.example:8443"],
        allowCredentials: false,
        allowMethods: [],
        allowHeaders: [],
        exposeHeaders: [],
        maxAgeSeconds: 5,
      },
    );
  });

  it("warns when no origin is allowed", () => {
    assert.deepEqual(cors("allowMethods: [GET]").names, [`cors-without-origins ${at}/cors`]);
  });

  it("never exposes * together with credentials", () => {
    const { filter, names } = cors("allowOrigins: ['*'], allowCredentials: true, exposeHeaders: ['*', X-A]");
    assert.deepEqual(filter.kind === "cors" && filter.exposeHeaders, ["X-A"]);
    assert.deepEqual(names, [`cors-expose-wildcard ${at}/cors/exposeHeaders`]);
  });
});

describe("compileExternalAuth", () => {
  it("compiles the HTTP protocol with a sanitised prefix", () => {
    const { filter } = compileFilter(
      "type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: api, port: 80 }, http: { path: /a/../verify/%2e%2E//x/, allowedHeaders: [X-A, x-a], allowedResponseHeaders: [X-User] }, forwardBody: { maxSize: 1024 } }",
    );
    const expected = externalAuth({
      servers: ["shop/api:80"],
      path: { kind: "prefix", value: "/x" },
      allowedHeaders: ["x-a"],
      allowedResponseHeaders: ["x-user"],
      forwardBodyBytes: 1024,
    });
    assert.deepEqual(filter, expected);
  });

  it("speaks HTTP/2 to a gRPC server, and fails closed when it does not resolve", () => {
    const grpc = "type: ExternalAuth, externalAuth: { protocol: GRPC, backendRef: { name: NAME, port: 80 }, grpc: {} }";
    const found = compileFilter(grpc.replace("NAME", "api")).filter;
    assert.deepEqual(found.kind === "externalAuth" && found.servers, ["shop/api:80|http2"]);
    const lost = compileFilter(grpc.replace("NAME", "gone"));
    assert.deepEqual(lost.filter, { ...found, servers: [] });
    assert.deepEqual(lost.names, [`backend-not-found ${at}/externalAuth/backendRef/name`]);
  });
});

describe("compileExtensionRef", () => {
  it("answers 500 for a filter that nobody knows, and says so on the route", () => {
    const { filter, findings } = compileFilter(
      "type: ExtensionRef, extensionRef: { group: acme.example, kind: RateLimit, name: strict }",
    );
    assert.deepEqual(filter, {
      kind: "directResponse",
      status: 500,
      reason: "unknown filter RateLimit strict (acme.example)",
    });
    assert.deepEqual(brief(findings), [`extension-filter-unknown ${at}/extensionRef`]);
    assert.deepEqual(conditionOf(findings[0]!), { type: "ResolvedRefs", status: "False", reason: "InvalidKind" });
  });
});
