/** An authorisation server written with `@grpc/grpc-js`, as somebody would write one for Envoy. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { address, GuardedProgram, TestServer } from "./guarded-program.ts";
import { askHttp } from "./http-client.ts";
import { findPackages } from "./real-programs.ts";

const load = findPackages("grpc-auth", ["@grpc/grpc-js@1.14.7", "@grpc/proto-loader@0.8.1"]);
const skip = load === undefined ? "@grpc/grpc-js cannot be installed here" : false;

type CheckRequest = {
  readonly attributes: {
    readonly source: { readonly address: { readonly socketAddress: { readonly address: string } } };
    readonly request: {
      readonly http: {
        readonly method: string;
        readonly path: string;
        readonly host: string;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: string;
      };
    };
    readonly contextExtensions: Readonly<Record<string, string>>;
    readonly routeMetadataContext: { readonly filterMetadata: Readonly<Record<string, unknown>> } | null;
  };
};
type Answer = { readonly code?: number; readonly response?: object } | "never";

/** The server; `answer` decides about each call. */
async function startServer(answer: (request: CheckRequest) => Answer) {
  const grpc = load!("@grpc/grpc-js");
  const definition = load!("@grpc/proto-loader").loadSync(join(import.meta.dirname, "ext-authz.proto"), {
    defaults: true,
  });
  const { Authorization } = grpc.loadPackageDefinition(definition).envoy.service.auth.v3;
  const calls: CheckRequest[] = [];
  const server = new grpc.Server();
  server.addService(Authorization.service, {
    check: (call: { readonly request: CheckRequest }, done: (error: null, response: object) => void) => {
      calls.push(call.request);
      const said = answer(call.request);
      if (said !== "never") done(null, { status: { code: said.code ?? 0 }, ...said.response });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    const insecure = grpc.ServerCredentials.createInsecure();
    server.bindAsync(`${address}:0`, insecure, (error: Error | null, bound: number) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    calls,
    port,
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
    },
  };
}

const manifests = (more: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: app, port: 80 }] }]
---
apiVersion: v1
kind: Secret
metadata: { name: tokens, namespace: shop }
data: { own: ${Buffer.from("s3cret\n").toString("base64")} }
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: guard, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: app }]
  extAuth:
    grpc: { backendRefs: [{ name: auth, port: 80 }] }
    includeRouteMetadata: true
    contextExtensions:
      - { name: tier, type: Value, value: gold }
      - { name: token, type: ValueRef, valueRef: { group: "", kind: Secret, name: tokens, key: own } }
${more}`;

async function start(answer: (request: CheckRequest) => Answer, more = "") {
  const server = await startServer(answer);
  const arrived: { readonly headers: Readonly<Record<string, unknown>> }[] = [];
  const backend = await TestServer.start((request, response) => {
    arrived.push({ headers: request.headers });
    request.resume().on("end", () => response.end("served"));
  });
  const gateway = await GuardedProgram.start({ app: backend.port, auth: server.port }, manifests(more));
  return {
    port: gateway.port,
    admin: gateway.admin,
    calls: server.calls,
    arrived,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

const header = (key: string, value: string) => ({ header: { key, value } });

test("a server of grpc-js is told the request, the values of the policy and the route", { skip }, async () => {
  await using guarded = await start(
    () => ({
      response: {
        okResponse: {
          headers: [header("x-user", "ann")],
          headersToRemove: ["x-drop"],
          responseHeadersToAdd: [header("x-seen", "yes")],
        },
      },
    }),
    "    bodyToExtAuth: { maxRequestBytes: 64 }",
  );
  const answer = await askHttp(guarded.port, "/a/../b?c=d", {
    method: "POST",
    body: "hello",
    headers: { "X-USER": "root", x_user: "root", "x-drop": "1", "x-forwarded-for": "6.6.6.6" },
  });
  assert.equal(answer.body, "served");
  assert.equal(answer.headers["x-seen"], "yes");
  const { request, contextExtensions, routeMetadataContext, source } = guarded.calls[0]!.attributes;
  assert.equal(request.http.method, "POST");
  assert.equal(request.http.path, "/b?c=d");
  assert.equal(request.http.host, "app.example.test");
  assert.equal(request.http.body, "hello");
  assert.equal(source.address.socketAddress.address, "127.0.0.1");
  assert.deepEqual(contextExtensions, { tier: "gold", token: "s3cret" });
  const text = (stringValue: string) => ({ kind: "stringValue", stringValue });
  const resource = JSON.stringify(routeMetadataContext?.filterMetadata["envoy-gateway"]);
  for (const value of ["HTTPRoute", "shop", "app"]) assert.ok(resource.includes(text(value).stringValue), resource);
  const { headers } = guarded.arrived[0]!;
  assert.equal(headers["x-user"], "ann");
  assert.equal(headers["x-drop"], undefined);
  assert.doesNotMatch(JSON.stringify(headers), /root/);
  const told = await fetch(`http://${guarded.admin}/config`);
  assert.doesNotMatch(await told.text(), /s3cret/);
});

test("a server of grpc-js refuses with its own answer", { skip }, async () => {
  await using guarded = await start(() => ({
    code: 7,
    response: { deniedResponse: { status: { code: 418 }, headers: [header("x-why", "tea")], body: "no" } },
  }));
  const answer = await askHttp(guarded.port, "/");
  assert.deepEqual([answer.status, answer.headers["x-why"], answer.body], [418, "tea", "no"]);
  assert.equal(guarded.arrived.length, 0);
});

test("a body that is larger than the server is told is refused, whatever announces it", { skip }, async () => {
  await using guarded = await start(
    () => ({ response: { okResponse: {} } }),
    "    bodyToExtAuth: { maxRequestBytes: 64 }",
  );
  assert.equal((await askHttp(guarded.port, "/", { method: "POST", body: "x".repeat(64) })).status, 200);
  assert.equal((await askHttp(guarded.port, "/", { method: "POST", body: "x".repeat(65) })).status, 413);
  assert.equal(guarded.calls.length, 1);
});

for (const [what, answer] of Object.entries({
  "does not answer": () => "never",
  "answers more than 64 KiB": () => ({ response: { okResponse: { headers: [header("x-a", "a".repeat(70_000))] } } }),
}) as [string, () => Answer][]) {
  test(`a server that ${what} lets nobody in, unless the policy says so`, { skip }, async () => {
    await using closed = await start(answer, "    timeout: 500ms\n    statusOnError: 503");
    const begin = performance.now();
    assert.equal((await askHttp(closed.port, "/")).status, 503);
    assert.ok(performance.now() - begin < 5_000);
    assert.equal(closed.arrived.length, 0);
    await using open = await start(answer, "    timeout: 500ms\n    failOpen: true");
    assert.equal((await askHttp(open.port, "/")).body, "served");
  });
}
