/** oauth2-proxy as authorisation service, with its own login by htpasswd, in both manners. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { address, GuardedProgram, TestServer } from "./guarded-program.ts";
import { type Answered, askHttp } from "./http-client.ts";
import { findHtpasswd, findOauth2Proxy, RunningProgram } from "./real-programs.ts";

const program = findOauth2Proxy();
const htpasswd = findHtpasswd();
const skip =
  program === undefined || htpasswd === undefined
    ? "oauth2-proxy needs Go to be built once, and htpasswd to be installed"
    : false;

const manifests = (http: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - name: sign-in
      matches: [{ path: { value: /oauth2 } }]
      backendRefs: [{ name: login, port: 80 }]
    - name: app
      backendRefs: [{ name: app, port: 80 }]
---
apiVersion: gateway.sluice.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: guard, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: app, sectionName: app }]
  extAuth:
    headersToExtAuth: [cookie, accept, x-requested-with]
    http:
      backendRefs: [{ name: login, port: 80 }]
      headersToBackend: [x-auth-request-user]
${http}`;

/** nginx's: one path for all, and the gateway sends browsers to the sign-in page. */
const fixedPath = `      pathOverride: /oauth2/auth
      signInURL: /oauth2/sign_in`;
/** Envoy's: the request's own path, and oauth2-proxy sends browsers on itself. */
const ownPath = "      headersToClient: [set-cookie]";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, address, done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

async function start(http: string) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-oauth2-"));
  writeFileSync(join(folder, "htpasswd"), `${htpasswd!(["-B", "-C", "5"], "ann", "open sesame")}\n`);
  const port = await freePort();
  const args = [
    "--provider=github",
    "--client-id=none",
    "--client-secret=none",
    "--cookie-secret=0123456789abcdef0123456789abcdef",
    "--cookie-secure=false",
    "--email-domain=*",
    `--htpasswd-file=${join(folder, "htpasswd")}`,
    "--display-htpasswd-form=true",
    `--http-address=${address}:${port}`,
    "--reverse-proxy=true",
    `--trusted-proxy-ip=${address}/32`,
    "--set-xauthrequest=true",
    "--upstream=static://200",
  ];
  const login = await RunningProgram.start(program!, args, { host: address, port });
  const arrived: { readonly path: string; readonly headers: Readonly<Record<string, unknown>> }[] = [];
  const backend = await TestServer.start((request, response) => {
    arrived.push({ path: request.url ?? "", headers: request.headers });
    response.end("served");
  });
  const gateway = await GuardedProgram.start({ app: backend.port, login: port }, manifests(http));
  return {
    port: gateway.port,
    arrived,
    stopLogin: () => login[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await login[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function cookiesOf({ headers }: Answered): string {
  return [headers["set-cookie"] ?? []]
    .flat()
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");
}

/** Signs in at oauth2-proxy's form, through the gateway. */
async function signIn(port: number, rd: string): Promise<Answered> {
  const form = new URLSearchParams({ username: "ann", password: "open sesame", rd }).toString();
  return askHttp(port, "/oauth2/sign_in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form,
  });
}

const forged = { "x-auth-request-user": "root", "X-Auth-Request_User": "root", X_Auth_Request_User: "root" };

test("oauth2-proxy in nginx's manner: to the sign-in page, through its form, and back to the address that was asked for", {
  skip,
}, async () => {
  await using guarded = await start(fixedPath);
  const first = await askHttp(guarded.port, "/secret/page?a=b&c=%2F", { headers: { ...forged, accept: "text/html" } });
  assert.equal(first.status, 302);
  const location = new URL(String(first.headers["location"]), "http://app.example.test");
  assert.equal(location.pathname, "/oauth2/sign_in");
  const rd = location.searchParams.get("rd") ?? "";
  assert.equal(rd, "/secret/page?a=b&c=%2F");
  assert.match((await askHttp(guarded.port, `${location.pathname}${location.search}`)).body, /password/i);
  const back = await signIn(guarded.port, rd);
  assert.equal(back.status, 302);
  assert.equal(back.headers["location"], rd);
  const cookie = cookiesOf(back);
  const served = await askHttp(guarded.port, rd, { headers: { ...forged, cookie } });
  assert.equal(served.body, "served");
  assert.equal(guarded.arrived.length, 1);
  const { path, headers } = guarded.arrived[0]!;
  assert.equal(path, rd);
  assert.equal(headers["x-auth-request-user"], "ann");
  assert.doesNotMatch(JSON.stringify(headers), /root/);
});

test("oauth2-proxy in nginx's manner: scripts get 401, and a forged cookie is none", { skip }, async () => {
  await using guarded = await start(fixedPath);
  const script = await askHttp(guarded.port, "/api", { headers: { "x-requested-with": "XMLHttpRequest" } });
  assert.equal(script.status, 401);
  const cookie = cookiesOf(await signIn(guarded.port, "/"));
  const broken = cookie.replace(/.{5}$/, "AAAAA");
  assert.equal((await askHttp(guarded.port, "/api", { method: "POST", headers: { cookie: broken } })).status, 401);
  assert.equal((await askHttp(guarded.port, "/api", { method: "POST", headers: { cookie } })).status, 200);
});

test("oauth2-proxy in nginx's manner: nobody is sent to another host, whatever is asked for", { skip }, async () => {
  await using guarded = await start(fixedPath);
  for (const path of [
    "//evil.example/",
    "/\\evil.example/",
    "///evil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/x/..//evil.example",
  ]) {
    const first = await askHttp(guarded.port, path);
    if (first.status === 400) continue;
    assert.equal(first.status, 302, path);
    const location = new URL(String(first.headers["location"]), "http://app.example.test");
    assert.equal(location.host, "app.example.test", path);
    const back = await signIn(guarded.port, location.searchParams.get("rd") ?? "");
    const target = new URL(String(back.headers["location"] ?? "/"), "http://app.example.test");
    assert.equal(target.host, "app.example.test", `${path}: ${back.headers["location"]}`);
  }
});

test("oauth2-proxy in Envoy's manner: its own page is what browsers get, and who has signed in comes in", {
  skip,
}, async () => {
  await using guarded = await start(ownPath);
  const first = await askHttp(guarded.port, "/secret", { headers: { accept: "text/html" } });
  assert.equal(first.status, 403);
  assert.match(first.body, /sign_in/);
  const cookie = cookiesOf(await signIn(guarded.port, "/secret"));
  const served = await askHttp(guarded.port, "/secret?a=b", { headers: { ...forged, cookie } });
  assert.equal(served.body, "served");
  assert.equal(guarded.arrived[0]?.headers["x-auth-request-user"], "ann");
});

for (const [manner, http] of Object.entries({ nginx: fixedPath, Envoy: ownPath })) {
  test(`oauth2-proxy in the manner of ${manner}: while it is down nobody comes in`, { skip }, async () => {
    await using guarded = await start(http);
    const cookie = cookiesOf(await signIn(guarded.port, "/"));
    assert.equal((await askHttp(guarded.port, "/", { headers: { cookie } })).status, 200);
    await guarded.stopLogin();
    assert.equal((await askHttp(guarded.port, "/", { headers: { cookie } })).status, 403);
    assert.equal(guarded.arrived.length, 1);
  });
}
