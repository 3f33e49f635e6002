/** Logins that are for a connection (NTLM, Negotiate; RFC 4559): they serve the client that logged in, and nobody else. */
import assert from "node:assert/strict";
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { eventually } from "./eventually.ts";
import { clearClient } from "./http2-client.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { startProxy } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream, type UpstreamRequest } from "./raw-upstream.ts";

const refused = (challenge: string): string =>
  `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="a"\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`;

/** Who is logged in on which connection: `hello` asks for a challenge, `i-am-NAME` answers it. */
class Logins {
  readonly #challenged = new WeakSet<object>();
  readonly #users = new WeakMap<object, string>();

  /** What a request with this Authorization gets: a user, or a challenge. */
  ask(connection: object, authorization: string): { readonly user: string } | { readonly challenge: string } {
    const [, scheme = "NTLM", token = ""] = /^(ntlm|negotiate) (\S+)$/i.exec(authorization) ?? [];
    if (token === "hello") {
      this.#challenged.add(connection);
      return { challenge: `${scheme} challenge` };
    }
    const name = /^i-am-(.*)$/.exec(token)?.[1];
    if (name !== undefined && (scheme !== "NTLM" || this.#challenged.has(connection)))
      this.#users.set(connection, name);
    const user = this.#users.get(connection);
    return user === undefined ? { challenge: "NTLM" } : { user };
  }
}

/** A server of HTTP/1.1 that goes by its connections. */
function startLoginServer(): Promise<RawUpstream> {
  const logins = new Logins();
  return RawUpstream.start(({ head, socket }: UpstreamRequest) => {
    const authorization = /\r\nauthorization: ([^\r]*)/i.exec(head)?.[1] ?? "";
    const found = logins.ask(socket, authorization);
    return "user" in found ? ok(found.user) : refused(found.challenge);
  });
}

const withToken = (scheme: string, token: string): string => get("/", `Authorization: ${scheme} ${token}\r\n`);

/** Status and body of a request on a client's connection. */
async function ask(client: RawClient, request: string): Promise<string> {
  client.send(request);
  const { status, body } = await client.response();
  return `${status} ${body}`.trim();
}

async function logIn(client: RawClient, name: string): Promise<void> {
  assert.equal(await ask(client, get("/")), "401");
  assert.equal(await ask(client, withToken("NTLM", "hello")), "401");
  assert.equal(await ask(client, withToken("NTLM", `i-am-${name}`)), `200 ${name}`);
}

test("connection login: it holds for its client, is seen by no other, and ends with the client's connection", async () => {
  await using upstream = await startLoginServer();
  await using gateway = await startProxy([upstream.port]);
  await using other = await RawClient.connect(gateway.port);
  const alice = await RawClient.connect(gateway.port);
  await logIn(alice, "alice");
  assert.equal(await ask(alice, get("/")), "200 alice");
  assert.equal(await ask(other, get("/")), "401");
  await logIn(other, "bob");
  assert.equal(await ask(alice, get("/")), "200 alice");
  assert.equal(await ask(other, get("/")), "200 bob");
  assert.equal(upstream.open, 2);
  await alice[Symbol.asyncDispose]();
  await eventually(() => upstream.open === 1);
  assert.equal(await ask(other, get("/")), "200 bob");
});

test("connection login: credentials that come unasked are for the client's own connection too", async () => {
  await using upstream = await startLoginServer();
  await using gateway = await startProxy([upstream.port]);
  await using first = await RawClient.connect(gateway.port);
  await using alice = await RawClient.connect(gateway.port);
  assert.equal(await ask(first, get("/", "Authorization: Basic YTpi\r\n")), "401");
  assert.equal(await ask(alice, withToken("Negotiate", "i-am-alice")), "200 alice");
  assert.equal(await ask(first, get("/")), "401");
  const lines = "Authorization: Basic YTpi\r\nauthorization: negotiate i-am-eve\r\n";
  first.send(get("/", lines));
  await first.response();
  assert.equal(await ask(alice, get("/")), "200 alice");
  await using last = await RawClient.connect(gateway.port);
  assert.equal(await ask(last, get("/")), "401");
});

test("connection login: all steps of it go to one endpoint", async () => {
  await using one = await startLoginServer();
  await using two = await startLoginServer();
  await using gateway = await startProxy([one.port, two.port]);
  for (const name of ["alice", "bob", "eve"]) {
    await using client = await RawClient.connect(gateway.port);
    await logIn(client, name);
    for (let i = 0; i < 4; i++) assert.equal(await ask(client, get("/")), `200 ${name}`);
  }
});

test("connection login: clients of HTTP/2 share one with nobody either", async () => {
  await using upstream = await startLoginServer();
  await using gateway = await startProxy([upstream.port]);
  await using alice = clearClient(gateway.port);
  await using other = clearClient(gateway.port);
  const as = async (client: typeof alice, authorization?: string): Promise<string> => {
    const { status, body } = await client.request({ ":path": "/", ...(authorization ? { authorization } : {}) });
    return `${status} ${body.toString()}`.trim();
  };
  assert.equal(await as(alice, "NTLM hello"), "401");
  assert.equal(await as(alice, "NTLM i-am-alice"), "200 alice");
  const answers = await Promise.all([as(alice), as(other), as(other), as(alice, "Negotiate i-am-alice")]);
  assert.deepEqual(answers.slice(1), ["401", "401", "200 alice"]);
  assert.equal(await as(other), "401");
  assert.equal(await as(alice), "200 alice");
});

test("connection login: a backend of HTTP/2 gets a connection for each client that logs in", async () => {
  const logins = new Logins();
  const sessions = new Set<Http2Session>();
  await using upstream = await Http2Server.start(({ headers, session, stream }) => {
    sessions.add(session);
    const found = logins.ask(session, headers.authorization ?? "");
    if ("user" in found) stream.respond({ ":status": 200 });
    else stream.respond({ ":status": 401, "www-authenticate": "Negotiate" });
    stream.end("user" in found ? found.user : "");
  });
  await using gateway = await startProxy(
    [],
    {},
    { backends: [{ name: "app", ports: [upstream.port], cluster: { protocol: "http2" } }] },
  );
  await using other = await RawClient.connect(gateway.port);
  const alice = await RawClient.connect(gateway.port);
  assert.equal(await ask(other, get("/")), "401");
  assert.equal(await ask(alice, withToken("Negotiate", "i-am-alice")), "200 alice");
  assert.equal(await ask(alice, get("/")), "200 alice");
  assert.equal(await ask(other, get("/")), "401");
  assert.equal(sessions.size, 3);
  await alice[Symbol.asyncDispose]();
  await eventually(() => upstream.sessions.size === 2);
});

test("connection login: an authorisation server and a mirror see each client on its own connection", async () => {
  const filters: readonly Filter[] = [
    externalAuth(),
    { kind: "requestMirror", cluster: "demo/mirror:80", fraction: { numerator: 1, denominator: 1 } },
  ];
  const mirrored: { readonly authorization: boolean; readonly socket: Socket }[] = [];
  await using upstream = await RawUpstream.start(() => ok("in"));
  await using server = await startLoginServer();
  await using mirror = await RawUpstream.start(({ head, socket }) => {
    mirrored.push({ authorization: /\r\nauthorization: /i.test(head), socket });
    return ok("");
  });
  await using gateway = await startProxy(
    [upstream.port],
    {},
    {
      filters,
      others: [
        { name: "auth", ports: [server.port] },
        { name: "mirror", ports: [mirror.port] },
      ],
    },
  );
  await using alice = await RawClient.connect(gateway.port);
  await using other = await RawClient.connect(gateway.port);
  assert.equal(await ask(alice, withToken("NTLM", "hello")), "401");
  assert.equal(await ask(alice, withToken("NTLM", "i-am-alice")), "200 in");
  assert.equal(await ask(other, get("/")), "401");
  assert.equal(await ask(alice, get("/")), "200 in");
  assert.equal(await ask(other, withToken("Negotiate", "i-am-other")), "200 in");
  await eventually(() => mirrored.length === 3);
  const [first, , last] = mirrored;
  assert.equal(first?.authorization, true);
  assert.notEqual(first?.socket, last?.socket);
});

test("connection login: an endpoint that leaves takes the connections along that wait there", async () => {
  await using upstream = await startLoginServer();
  await using next = await startLoginServer();
  await using gateway = await startProxy([upstream.port]);
  await using alice = await RawClient.connect(gateway.port);
  await logIn(alice, "alice");
  gateway.plane.updateEndpoints({ "demo/app:80": [{ address: "127.0.0.1", port: next.port }] });
  await eventually(() => upstream.open === 0);
  await logIn(alice, "alice");
  assert.equal(next.open, 1);
});
