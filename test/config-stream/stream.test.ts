import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { digestOf } from "../../src/config-stream/digest.ts";
import { streamPath } from "../../src/config-stream/protocol.ts";
import { issueClient, issueServer, nextAuthority } from "../../src/config-stream/stream-authority.ts";
import { eventually } from "../plane/eventually.ts";
import {
  authority,
  clientCertificate,
  demoWeb,
  keptLog,
  namedState,
  ruleName,
  type serverCertificate,
  startClient,
  startServer,
} from "./stream-fixture.ts";

/** A stream of demo/web that says only what it is told to. */
function openRaw(port: number): AsyncDisposable & { readonly stream: ClientHttp2Stream } {
  const certificate = clientCertificate();
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    cert: certificate["tls.crt"],
    key: certificate["tls.key"],
    ca: certificate["ca.crt"],
  });
  session.on("error", () => {});
  const stream = session.request({ ":path": streamPath, ":method": "POST" }, { endStream: false });
  stream.on("error", () => {});
  return { stream, [Symbol.asyncDispose]: async () => session.destroy() };
}

const quick = { pingMs: 5, silenceMs: 60 };

test("stream: a proxy is given the state of its data plane, then what changes, and shares what did not", async () => {
  await using controller = await startServer();
  const first = namedState("one");
  controller.server.publish("demo/web", first);
  await using proxy = startClient([controller.port]);
  await eventually(() => proxy.states.length === 1);
  assert.equal(digestOf(proxy.states[0]), digestOf(first));
  assert.equal(proxy.client.isFollowing, true);
  controller.server.publish("demo/web", {
    ...first,
    endpoints: { "demo/app:80": [{ address: "192.0.2.1", port: 80 }] },
  });
  await eventually(() => proxy.states.length === 2);
  assert.equal(proxy.states[1]?.endpoints["demo/app:80"]?.[0]?.address, "192.0.2.1");
  assert.equal(proxy.states[1]?.routing, proxy.states[0]?.routing);
  assert.equal(proxy.hashes[1], controller.server.hashOf("demo/web"));
});

test("stream: a proxy that is there before its data plane waits for it", async () => {
  await using controller = await startServer();
  await using proxy = startClient([controller.port]);
  await eventually(() => controller.server.proxies().length === 1);
  controller.server.publish("demo/web", namedState("one"));
  await eventually(() => ruleName(proxy.states[0]) === "one");
});

test("stream: each proxy gets what its certificate names, and nothing else", async () => {
  await using controller = await startServer();
  controller.server.publish("demo/web", namedState("web's"));
  controller.server.publish("demo/other", namedState("other's"));
  const certificate = clientCertificate({ namespace: "demo", name: "other" });
  await using web = startClient([controller.port]);
  await using other = startClient([controller.port], { readCertificate: async () => certificate });
  await eventually(() => web.states.length === 1 && other.states.length === 1);
  controller.server.publish("demo/web", namedState("web's second"));
  await eventually(() => web.states.length === 2);
  assert.deepEqual(web.states.map(ruleName), ["web's", "web's second"]);
  assert.deepEqual(other.states.map(ruleName), ["other's"]);
});

test("stream: reports reach the controller, and are told again after a reconnect", async () => {
  await using controller = await startServer();
  await using proxy = startClient([controller.port]);
  const listeners = {
    "Gateway/demo/web/http": { hash: "h", state: "programmed", address: "127.0.0.1", port: 80 },
  } as const;
  proxy.client.report({ hash: "#1", listeners });
  await eventually(() => controller.server.proxies()[0]?.hash === "#1");
  const { sinceMs, ...connected } = controller.server.proxies()[0]!;
  assert.ok(sinceMs > 0 && sinceMs <= performance.now());
  assert.deepEqual(connected, {
    dataPlane: "demo/web",
    proxy: "web-1",
    version: "test",
    hash: "#1",
    listeners,
  });
  await controller.server.close();
  await using next = await startServer({ port: controller.port });
  await eventually(() => next.server.proxies()[0]?.hash === "#1");
});

test("stream: a proxy that holds the present state is not sent it again, also by another controller", async () => {
  const controller = await startServer();
  controller.server.publish("demo/web", namedState("one"));
  await using proxy = startClient([controller.port]);
  await eventually(() => proxy.states.length === 1);
  await controller.server.close();
  await eventually(() => !proxy.client.isFollowing);
  await using next = await startServer({ port: controller.port });
  next.server.publish("demo/web", namedState("one"));
  await eventually(() => proxy.client.isFollowing);
  next.server.publish("demo/web", namedState("two"));
  await eventually(() => ruleName(proxy.states.at(-1)) === "two");
  assert.equal(proxy.states.length, 2);
});

test("stream: a proxy that holds something else is sent everything", async () => {
  await using controller = await startServer();
  controller.server.publish("demo/web", namedState("one"));
  await using proxy = startClient([controller.port], { held: { hash: "#old", state: namedState("old") } });
  await eventually(() => ruleName(proxy.states[0]) === "one");
});

test("stream: a change that leads elsewhere is answered with the whole state", async () => {
  await using controller = await startServer();
  const state = namedState("one");
  controller.server.publish("demo/web", state);
  // It claims the state's digest and holds another.
  await using proxy = startClient([controller.port], { held: { hash: digestOf(state), state: namedState("wrong") } });
  await eventually(() => proxy.client.isFollowing);
  controller.server.publish("demo/web", { ...state, settings: { tenantLabel: "team" } });
  await eventually(() => proxy.states.length === 1);
  assert.equal(ruleName(proxy.states[0]), "one");
  assert.equal(proxy.states[0]?.settings.tenantLabel, "team");
  assert.match(proxy.lines.join(""), /could not be applied/);
});

test("stream: a certificate of another authority gets no connection", async () => {
  await using controller = await startServer();
  const foreign = issueClient(nextAuthority(undefined, Date.now()).authority, demoWeb, Date.now());
  const certificate = { ...foreign, "ca.crt": authority.bundlePem };
  await using proxy = startClient([controller.port], { readCertificate: async () => certificate });
  await eventually(() => proxy.lines.length > 1);
  assert.deepEqual(controller.server.proxies(), []);
  assert.equal(proxy.client.isFollowing, false);
});

test("stream: a proxy talks to controllers of its authorities only", async () => {
  const foreign = nextAuthority(undefined, Date.now()).authority;
  await using impostor = await startServer({ certificate: issueServer(foreign, ["127.0.0.1"], Date.now()) });
  // A proxy's own certificate makes no controller.
  await using upstart = await startServer({ certificate: clientCertificate() });
  impostor.server.publish("demo/web", namedState("evil"));
  upstart.server.publish("demo/web", namedState("evil"));
  await using proxy = startClient([impostor.port, upstart.port]);
  await eventually(() => proxy.lines.length > 3);
  assert.deepEqual(proxy.states, []);
  assert.match(proxy.lines.join(""), /certificate/);
});

/** The status that a request with this certificate gets. */
async function statusOf(
  port: number,
  options: { path?: string; method?: string; certificate?: ReturnType<typeof serverCertificate> },
) {
  const { path = streamPath, method = "POST", certificate = clientCertificate() } = options;
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    cert: certificate["tls.crt"],
    key: certificate["tls.key"],
    ca: certificate["ca.crt"],
  });
  session.on("error", () => {});
  const stream = session.request({ ":path": path, ":method": method });
  stream.on("error", () => {});
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  session.destroy();
  return headers[":status"];
}

test("stream: other paths, methods, and certificates that name no data plane are refused", async () => {
  await using controller = await startServer();
  assert.equal(await statusOf(controller.port, { path: "/v1/stream" }), 404);
  assert.equal(await statusOf(controller.port, { method: "GET" }), 405);
  const nobody = issueClient(authority, { namespace: "Not A Name", name: "x" }, Date.now());
  assert.equal(await statusOf(controller.port, { certificate: nobody }), 403);
});

test("stream: a controller that does not lead answers 503, and one that stops leading ends its streams", async () => {
  await using one = await startServer();
  await using two = await startServer();
  two.server.stopServing();
  assert.equal(await statusOf(two.port, {}), 503);
  one.server.publish("demo/web", namedState("one"));
  await using proxy = startClient([one.port, two.port]);
  await eventually(() => proxy.states.length === 1);
  two.server.publish("demo/web", namedState("two"));
  two.server.startServing();
  one.server.stopServing();
  await eventually(() => ruleName(proxy.states.at(-1)) === "two");
  assert.equal(one.server.proxies().length, 0);
});

test("stream: a controller that follows sends proxies to the one that leads, which may be known by another address", async () => {
  await using leader = await startServer();
  await using follower = await startServer({ leaderAddress: () => `127.0.0.1:${leader.port}` });
  follower.server.stopServing();
  leader.server.publish("demo/web", namedState("one"));
  // Nothing but being sent on leads there, and not even one wait: that would be the length of the test.
  await using proxy = startClient([follower.port], { random: () => 100_000 });
  await eventually(() => ruleName(proxy.states.at(-1)) === "one");
});

test("stream: a proxy that is sent to where nobody leads finds the leader by trying", async () => {
  await using leader = await startServer();
  await using gone = await startServer();
  const wrong = { leaderAddress: () => `127.0.0.1:${gone.port}` };
  await using follower = await startServer(wrong);
  follower.server.stopServing();
  gone.server.stopServing();
  leader.server.publish("demo/web", namedState("one"));
  await using proxy = startClient([follower.port, follower.port, leader.port]);
  await eventually(() => ruleName(proxy.states.at(-1)) === "one");
});

test("stream: a new certificate of the controller holds for new connections, and drops none", async () => {
  const later = Date.now();
  const stepped = nextAuthority(undefined, later).authority;
  await using controller = await startServer();
  controller.server.publish("demo/web", namedState("one"));
  const bundle = `${authority.bundlePem}${stepped.bundlePem}`;
  await using old = startClient([controller.port]);
  await eventually(() => old.states.length === 1);
  controller.server.replaceCertificate({ ...issueServer(stepped, [], later), "ca.crt": bundle });
  const renewed = { ...issueClient(stepped, demoWeb, later), "ca.crt": bundle };
  await using fresh = startClient([controller.port], { readCertificate: async () => renewed, proxy: "web-2" });
  await eventually(() => fresh.states.length === 1);
  controller.server.publish("demo/web", namedState("two"));
  await eventually(() => ruleName(old.states.at(-1)) === "two" && ruleName(fresh.states.at(-1)) === "two");
});

test("stream: a proxy reconnects when its certificate was replaced, and is one proxy all the while", async () => {
  await using controller = await startServer();
  controller.server.publish("demo/web", namedState("one"));
  let certificate = clientCertificate();
  let reads = 0;
  await using proxy = startClient([controller.port], {
    readCertificate: async () => {
      reads++;
      return certificate;
    },
    certificateCheckMs: 5,
  });
  await eventually(() => proxy.states.length === 1 && reads > 3);
  assert.doesNotMatch(proxy.lines.join(""), /No controller/);
  certificate = clientCertificate();
  await eventually(() => proxy.lines.some((line) => line.includes("the certificate was replaced")));
  await eventually(() => proxy.client.isFollowing && controller.server.proxies().length === 1);
  assert.equal(proxy.states.length, 1);
});

test("stream: a stream ends with the proxy's certificate", async () => {
  await using controller = await startServer();
  controller.server.publish("demo/web", namedState("one"));
  // Ends in a second, as certificates count in seconds.
  const ending = issueClient(authority, demoWeb, Date.now() - 24 * 3_600_000 + 2_000);
  await using proxy = startClient([controller.port], { readCertificate: async () => ending });
  await eventually(() => proxy.states.length === 1);
  await eventually(() => controller.server.proxies().length === 0);
});

test("stream: a controller that falls silent is given up", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as { port: number };
  await using controller = await startServer();
  controller.server.publish("demo/web", namedState("one"));
  await using proxy = startClient([port, controller.port], { timing: quick });
  await eventually(() => ruleName(proxy.states[0]) === "one");
  assert.match(proxy.lines.join(""), /nothing was received for 60 ms/);
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test("stream: a proxy that falls silent is given up", async () => {
  const { log, lines } = keptLog();
  await using controller = await startServer({ timing: quick, log });
  const certificate = clientCertificate();
  const session = connectHttp2(`https://127.0.0.1:${controller.port}`, {
    cert: certificate["tls.crt"],
    key: certificate["tls.key"],
    ca: certificate["ca.crt"],
  });
  session.on("error", () => {});
  const stream = session.request({ ":path": streamPath, ":method": "POST" }, { endStream: false });
  stream.on("error", () => {});
  stream.write('{"kind":"hello","proxy":"mute","version":"1"}\n');
  await eventually(() => controller.server.proxies()[0]?.proxy === "mute");
  await eventually(() => controller.server.proxies().length === 0);
  assert.match(lines.join(""), /it sent nothing for 60 ms/);
  session.destroy();
});

test("stream: a proxy that gives signs of life and does not introduce itself is given up", async () => {
  const { log, lines } = keptLog();
  await using controller = await startServer({ timing: quick, log });
  await using raw = openRaw(controller.port);
  const pings = setInterval(() => raw.stream.write('{"kind":"ping"}\n'), 5);
  await eventually(() => lines.length > 0);
  clearInterval(pings);
  assert.match(lines.join(""), /did not introduce itself within 60 ms/);
});

test("stream: a proxy that says more than there is to say waits, and is heard again after it", async () => {
  await using controller = await startServer({ timing: { pingMs: 50, silenceMs: 5_000 } });
  await using raw = openRaw(controller.port);
  raw.stream.write('{"kind":"hello","proxy":"loud","version":"1"}\n');
  const padding = " ".repeat(1024 * 1024);
  for (let n = 0; n < 8; n++) raw.stream.write(`{"kind":"ping"}${padding}\n`);
  raw.stream.write('{"kind":"report","hash":"#last","listeners":{}}\n');
  await eventually(() => controller.server.proxies()[0]?.hash === "#last");
});

test("stream: a data plane with too many connections is in nobody's way but its own", async () => {
  const { log, lines } = keptLog();
  await using controller = await startServer({ connectionsPerDataPlane: 1, log });
  controller.server.publish("demo/web", namedState("web's"));
  controller.server.publish("demo/other", namedState("other's"));
  await using web = startClient([controller.port]);
  await eventually(() => web.states.length === 1);
  await using _second = startClient([controller.port], { proxy: "web-2" });
  await eventually(() => lines.some((line) => line.includes("too many connections")));
  const certificate = clientCertificate({ namespace: "demo", name: "other" });
  await using other = startClient([controller.port], { readCertificate: async () => certificate });
  await eventually(() => other.states.length === 1);
  assert.deepEqual([...new Set(controller.server.proxies().map(({ proxy }) => proxy))], ["web-1"]);
});

test("stream: a proxy that says what the protocol does not know is cut off, and the log quotes none of it", async () => {
  for (const line of [
    "no json",
    "{}",
    '{"kind":"report","hash":"#","listeners":{}}',
    '{"kind":"hello","proxy":7}',
    '{"kind":"hello","proxy":"web 1","version":"1"}',
  ]) {
    const { log, lines } = keptLog();
    await using controller = await startServer({ log });
    const certificate = clientCertificate();
    const session = connectHttp2(`https://127.0.0.1:${controller.port}`, {
      cert: certificate["tls.crt"],
      key: certificate["tls.key"],
      ca: certificate["ca.crt"],
    });
    session.on("error", () => {});
    const stream = session.request({ ":path": streamPath, ":method": "POST" }, { endStream: false });
    stream.on("error", () => {});
    stream.write(`${line}\n`);
    await eventually(() => lines.length > 0);
    assert.doesNotMatch(lines.join(""), /no json/);
    session.destroy();
  }
});

test("stream: a proxy that reads slowly gets the newest state, and nothing piles up for it", async () => {
  await using controller = await startServer();
  const certificate = clientCertificate();
  const session = connectHttp2(`https://127.0.0.1:${controller.port}`, {
    cert: certificate["tls.crt"],
    key: certificate["tls.key"],
    ca: certificate["ca.crt"],
  });
  session.on("error", () => {});
  const stream = session.request({ ":path": streamPath, ":method": "POST" }, { endStream: false });
  stream.on("error", () => {});
  stream.write('{"kind":"hello","proxy":"slow","version":"1"}\n');
  await eventually(() => controller.server.proxies().length === 1);
  const filler = "x".repeat(512 * 1024);
  const versions = 60;
  for (let n = 1; n <= versions; n++) {
    controller.server.publish("demo/web", namedState(`${n}-${filler}`));
    await new Promise((later) => setImmediate(later));
  }
  // Only now it reads: the first state, which was on its way, then one change to the last.
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text += chunk;
  });
  const isLast = (line: string) => line.includes(`"${versions}-x`);
  await eventually(() => text.endsWith("\n") && text.split("\n").some(isLast));
  const messages = text.split("\n").filter((line) => line.includes('"hash"'));
  assert.ok(messages.length < versions / 4, `${messages.length} messages`);
  session.destroy();
});
