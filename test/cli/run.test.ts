import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect as connectTcp, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { makeCertificate, tlsSecret } from "../test-certificate.ts";
import { SluiceProcess, sluice } from "./sluice-process.ts";

/** A Gateway with one route to the Services named; `extra` is appended as it stands. */
function manifest(backends: readonly string[], extra = ""): string {
  const refs = backends.map((name) => `        - name: ${name}\n          port: 80`).join("\n");
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: sluice
spec:
  controllerName: sluice.dev/gateway-controller
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: web
  namespace: shop
spec:
  gatewayClassName: sluice
  listeners:
    - name: http
      protocol: HTTP
      port: 80
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: cart
  namespace: shop
spec:
  parentRefs:
    - name: web
  rules:
    - backendRefs:
${refs}
${extra}`;
}

const serving = ["--stub-backends", "--map-port", "80:0"];

/** A folder for one test. */
async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sluice-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

type Asked = { readonly status: number; readonly service: string; readonly close: boolean };

async function ask(
  port: number,
  options: { readonly agent?: Agent; readonly headers?: Record<string, string> } = {},
): Promise<Asked> {
  const sent = request({ host: "127.0.0.1", port, path: "/", agent: false, ...options });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body = await text(response);
  const isEcho = response.headers["content-type"] === "application/json";
  return {
    status: response.statusCode ?? 0,
    service: isEcho ? JSON.parse(body).service : "",
    close: response.headers.connection === "close",
  };
}

test("run serves a folder, and again after a file changed, in one line of the log", async () => {
  await using place = await folder();
  const file = join(place.path, "web.yaml");
  await writeFile(file, manifest(["blue"]));
  await using process = await SluiceProcess.start(["run", place.path, ...serving]);
  const port = await process.localPort(80);
  assert.equal((await ask(port)).service, "blue");

  const before = process.eventCount;
  await writeFile(file, manifest(["green"]));
  const reloaded = await process.event("reloaded", before);
  assert.equal((await ask(port)).service, "green");
  assert.match(reloaded.message, /^generation \d+: 1 route changed, no findings in \d+ ms$/);
});

test("run reloads without losing a request", async () => {
  await using place = await folder();
  const file = join(place.path, "web.yaml");
  await writeFile(file, manifest(["blue"]));
  await using process = await SluiceProcess.start(["run", place.path, ...serving]);
  const port = await process.localPort(80);
  using agent = new AgentScope();
  const seen = new Set<string>();
  let done = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!done) {
      const { status, service } = await ask(port, { agent: agent.agent });
      assert.equal(status, 200);
      seen.add(service);
    }
  });
  for (const name of ["green", "blue", "red"]) {
    const before = process.eventCount;
    await writeFile(file, manifest([name]));
    await process.event("reloaded", before);
    assert.equal((await ask(port)).service, name);
  }
  done = true;
  await Promise.all(clients);
  assert.ok(seen.has("blue"));
});

test("run keeps the last good version of a file that no longer parses, and says so", async () => {
  await using place = await folder();
  const file = join(place.path, "web.yaml");
  await writeFile(file, manifest(["blue"]));
  await using process = await SluiceProcess.start(["run", file, ...serving]);
  const before = process.eventCount;
  await writeFile(file, "kind: [unclosed\n");
  await process.event("reloaded", before);
  const finding = await process.event("finding", before);
  assert.match(String(finding["place"]), /web\.yaml:\d+:\d+$/);
  assert.equal((await ask(await process.localPort(80))).service, "blue");
});

test("run goes on serving the last good certificate when its Secret is broken, then gone, and says so", async () => {
  await using place = await folder();
  const { certPem, keyPem } = makeCertificate({ names: ["shop.example.com"] });
  const listener = `
    - name: https
      protocol: HTTPS
      port: 443
      tls: { certificateRefs: [{ name: cert }] }`;
  await writeFile(join(place.path, "web.yaml"), manifest(["blue"]).replace("\n      port: 80", `$&${listener}`));
  const secret = join(place.path, "secret.yaml");
  await writeFile(secret, tlsSecret("cert", "shop", { crt: certPem, key: keyPem }));
  await using process = await SluiceProcess.start(["run", place.path, ...serving, "--map-port", "443:0"]);
  const port = await process.localPort(443);
  const shown = async () => {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const subject = socket.getPeerX509Certificate()?.subjectAltName;
    socket.destroy();
    return subject;
  };
  assert.equal(await shown(), "DNS:shop.example.com");
  for (const broken of [tlsSecret("cert", "shop", { crt: certPem.slice(0, 200), key: keyPem }), undefined]) {
    const before = process.eventCount;
    await (broken === undefined ? rm(secret) : writeFile(secret, broken));
    await process.event("reloaded", before);
    assert.match((await process.event("finding", before)).message, /stays in use; it is valid until 2045-12-31/);
    assert.equal(await shown(), "DNS:shop.example.com");
  }
});

test("run --no-watch reloads on SIGHUP only", async () => {
  await using place = await folder();
  const file = join(place.path, "web.yaml");
  await writeFile(file, manifest(["blue"]));
  await using process = await SluiceProcess.start(["run", file, "--no-watch", ...serving]);
  await writeFile(file, manifest(["green"]));
  const before = process.eventCount;
  process.signal("SIGHUP");
  await process.event("reloaded", before);
  assert.equal((await ask(await process.localPort(80))).service, "green");
});

test("run - reads standard input", async () => {
  await using process = await SluiceProcess.start(["run", "-", ...serving], { input: manifest(["blue"]) });
  assert.equal((await ask(await process.localPort(80))).service, "blue");
});

test("run tells what is wrong and serves the rest", async () => {
  const broken = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: lost
  namespace: shop
spec:
  parentRefs:
    - name: wbe
`;
  await using process = await SluiceProcess.start(["run", "-", ...serving], { input: manifest(["blue"], broken) });
  const finding = await process.event("finding");
  assert.equal(finding["object"], "HTTPRoute shop/lost");
  assert.match(finding.message, /wbe/);
  assert.equal((await ask(await process.localPort(80))).status, 200);
});

test("SIGTERM lets a request in flight finish, refuses new connections, and exits 0", async () => {
  await using process = await SluiceProcess.start(["run", "-", ...serving], { input: manifest(["blue"]) });
  const port = await process.localPort(80);
  const slow = request({
    host: "127.0.0.1",
    port,
    path: "/",
    method: "POST",
    headers: { "content-length": "2" },
    agent: false,
  });
  slow.write("a");
  // An answer on a second connection shows that the first one's head has been read before it.
  await ask(port);
  process.signal("SIGTERM");
  await process.event("draining");
  slow.end("b");
  const [response] = (await once(slow, "response")) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  assert.equal(JSON.parse(await text(response)).request.bodyBytes, 1 + 1);
  assert.equal(await process.exited(), 0);
  await assert.rejects(ask(port), { code: "ECONNREFUSED" });
});

test("a successor serves on the same ports, the admin port too, while the process before drains", async () => {
  const args = (port: number, ...more: string[]) => [
    "run",
    "-",
    "--stub-backends",
    "--map-port",
    `80:${port}`,
    ...more,
  ];
  const input = manifest(["blue"]);
  const before = await SluiceProcess.start(args(0), { input });
  await using _before = before;
  const port = await before.localPort(80);
  const { admin } = await before.ready();
  const slow = request({ host: "127.0.0.1", port, path: "/", method: "POST", headers: { "content-length": "2" } });
  slow.write("a");
  await ask(port);
  before.signal("SIGTERM");
  await before.event("draining");
  await using successor = await SluiceProcess.start(args(port, "--admin", admin), { input });
  assert.equal((await successor.ready()).admin, admin);
  assert.equal((await fetch(`http://${admin}/readyz`)).status, 200);
  assert.equal((await ask(port)).service, "blue");
  slow.end("b");
  const [response] = (await once(slow, "response")) as [IncomingMessage];
  assert.equal(response.statusCode, 200, "the process before is still there");
  await text(response);
  assert.equal(await before.exited(), 0);
});

test("SIGTERM under load: every request that was accepted is answered", async () => {
  await using process = await SluiceProcess.start(["run", "-", ...serving], { input: manifest(["blue"]) });
  const port = await process.localPort(80);
  using agent = new AgentScope();
  const failures: unknown[] = [];
  let answered = 0;
  const clients = Array.from({ length: 4 }, async () => {
    for (;;) {
      try {
        const { status, close } = await ask(port, { agent: agent.agent });
        assert.equal(status, 200);
        answered += 1;
        if (answered === 40) process.signal("SIGTERM");
        if (close) return;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Idle connections may be closed just as they are used again, and no new ones are accepted.
        if (code !== "ECONNREFUSED" && code !== "ECONNRESET") failures.push(error);
        return;
      }
    }
  });
  await Promise.all(clients);
  assert.deepEqual(failures, []);
  assert.equal(await process.exited(), 0);
});

test("when file descriptors run short, clients are turned away and told of once; admin and requests under way go on", async () => {
  await using process = await SluiceProcess.start(["run", "-", ...serving], {
    input: manifest(["blue"]),
    openFiles: 256,
  });
  const port = await process.localPort(80);
  const { admin } = await process.ready();
  const metric = async () => {
    const response = await fetch(`http://${admin}/metrics`);
    const line = /^gateway_rejected_connections_total\{.*reason="descriptors"\} (\d+)$/m.exec(await response.text());
    return Number(line?.[1] ?? 0);
  };
  const clients = Array.from({ length: 400 }, () => connectTcp(port, "127.0.0.1"));
  let turnedAway = 0;
  for (const client of clients) {
    client.on("error", () => {});
    client.on("close", () => {
      turnedAway++;
    });
    // In the middle of a request, so that none of them makes room.
    client.write("GET / HTTP/1.1\r\nHost: x\r\n");
  }
  await process.event("descriptors");
  while (clients.some(({ connecting }) => connecting) || (await metric()) < turnedAway || turnedAway < 100) {
    assert.equal((await fetch(`http://${admin}/livez`)).status, 200);
  }
  const first = clients.find(({ destroyed }) => !destroyed)!;
  first.write("\r\n");
  assert.match(String((await once(first, "data"))[0]), /^HTTP\/1.1 200 /);
  for (const client of clients) client.destroy();
  const from = process.eventCount;
  for (;;) {
    const asked = await ask(port).catch(() => undefined);
    if (asked?.status === 200) break;
  }
  assert.equal((await process.event("descriptors", from))["turnedAway"], await metric());
  assert.equal(from, 2, "ready, and one line for all who were turned away");
});

test("a second SIGTERM ends a drain at once with exit code 1", async () => {
  await using process = await SluiceProcess.start(["run", "-", ...serving], { input: manifest(["blue"]) });
  const port = await process.localPort(80);
  const slow = request({
    host: "127.0.0.1",
    port,
    path: "/",
    method: "POST",
    headers: { "content-length": "2" },
    agent: false,
  });
  const broken = once(slow, "error");
  slow.write("a");
  await ask(port);
  process.signal("SIGTERM");
  await process.event("draining");
  process.signal("SIGTERM");
  assert.equal(await process.exited(), 1);
  await broken;
});

test("run on a port that is taken names it, and ends when nothing else could be bound", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const address = blocker.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { code, err } = await sluice(["run", "-", "--stub-backends", "--map-port", `80:${port}`, "--admin", "off"], {
    input: manifest(["blue"]),
  });
  blocker.close();
  assert.equal(code, 1);
  assert.match(err, /error\[SL7\d{3}\] .*port/);
});

test("run on an admin address that is taken says which flag to change and exits 2", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const address = blocker.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { code, err } = await sluice(["run", "-", "--map-port", "80:0", "--admin", `127.0.0.1:${port}`], {
    input: manifest(["blue"]),
  });
  blocker.close();
  assert.equal(code, 2);
  assert.equal(
    err,
    `sluice: The admin endpoint cannot listen on 127.0.0.1:${port}: the port is taken by another process. Give another with --admin HOST:PORT, or turn it off with --admin off.\n`,
  );
});

test("run exits 2 when a path cannot be read", async () => {
  const { code, err } = await sluice(["run", "no-such-folder", "--admin", "off"]);
  assert.equal(code, 2);
  assert.match(err, /^sluice: .*no-such-folder.*\n$/);
});

test("run --access-log - writes one JSON line for each request to standard output", async () => {
  const process = await SluiceProcess.start(["run", "-", "--access-log", "-", ...serving], {
    input: manifest(["blue"]),
  });
  await ask(await process.localPort(80));
  process.signal("SIGTERM");
  await process.exited();
  const line = JSON.parse(process.out);
  assert.deepEqual(
    [line.route_name, line.backend_name, line.status_code, line.namespace],
    ["cart", "blue", 200, "shop"],
  );
});

test("run --gateway-addresses gives each Gateway an address of its own", async () => {
  const second = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: other
  namespace: shop
spec:
  gatewayClassName: sluice
  listeners:
    - name: http
      protocol: HTTP
      port: 80
`;
  await using process = await SluiceProcess.start(["run", "-", "--gateway-addresses", "127.0.20.0/29", ...serving], {
    input: manifest(["blue"], second),
  });
  const { listeners } = await process.ready();
  assert.deepEqual(listeners.map(({ address }) => address).sort(), ["127.0.20.1", "127.0.20.2"]);
});

test("the admin endpoint explains with the ports and stand-ins that are in force; sluice explain --admin prints it", async () => {
  await using process = await SluiceProcess.start(["run", "-", ...serving], { input: manifest(["blue"]) });
  const { admin } = await process.ready();
  const ready = await fetch(`http://${admin}/readyz`);
  assert.equal(ready.status, 200);
  const { code, out } = await sluice(["explain", "--admin", admin, "--host", "any.example.com"]);
  assert.equal(code, 0);
  assert.match(out, /Served by HTTPRoute shop\/cart, rules\[0\]/);
  assert.match(out, /100% shop\/blue:80\n/);
});

/** An agent that keeps connections, closed at the end of its scope. */
class AgentScope implements Disposable {
  readonly agent = new Agent({ keepAlive: true, maxSockets: 4 });

  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}
