/**
 * External processing by a real gRPC server, written with `@grpc/grpc-js`: headers, buffered and streamed content, immediate answers,
 * silence, death and answers to what was not asked. Prints `N passed, N failed`.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SluiceProcess } from "../cli/sluice-process.ts";
import { eventually } from "../plane/eventually.ts";
import { ask, type Protocol } from "../plane/filter-lab.ts";
import { type Processor, startProcessor } from "./processor.ts";

/** Rules by path, and what the service is told on each. */
const modes = {
  headers: "{ request: { attributes: [request.path, source.address] }, response: {} }",
  buffered: "{ request: { body: Buffered }, response: { body: Buffered } }",
  streamed: "{ request: { body: Streamed }, response: { body: Streamed } }",
  open: "{ request: { body: Streamed }, response: { body: Buffered } }",
} as const;

const manifests = (app: number, processor: number) => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: sluice.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec: { gatewayClassName: sluice, listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app, namespace: default }
spec:
  parentRefs: [{ name: edge }]
  rules:
${Object.keys(modes)
  .map(
    (mode) =>
      `    - { name: ${mode}, matches: [{ path: { value: /${mode} } }], backendRefs: [{ name: app, port: 80 }] }`,
  )
  .join("\n")}
${Object.entries(modes)
  .map(
    ([mode, processing]) => `---
apiVersion: gateway.sluice.dev/v1alpha1
kind: ExtensionPolicy
metadata: { name: ${mode}, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: app, sectionName: ${mode} }]
  extProc:
    - backendRefs: [{ name: processor, port: 80 }]
      messageTimeout: 500ms
      statusOnError: 503
      failOpen: ${mode === "open"}
      processingMode: ${processing}`,
  )
  .join("\n")}
${service("app", app, "http")}
${service("processor", processor, "kubernetes.io/h2c")}
`;

function service(name: string, port: number, protocol: string): string {
  return `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec: { ports: [{ name: main, port: 80, appProtocol: ${protocol} }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: default, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: main, port: ${port} }]
endpoints: [{ addresses: [127.0.0.1], conditions: { ready: true } }]`;
}

type Seen = { readonly path: string; readonly headers: Readonly<Record<string, unknown>>; readonly body: string };
type Lab = { readonly port: number; readonly seen: Seen[]; readonly processor: Processor };

const large = "a line of text\n".repeat(20_000);

/** What is tried with clients of each protocol. */
const cases: Readonly<Record<string, (lab: Lab, protocol: Protocol) => Promise<void>>> = {
  async "headers are shown and changed, and what is the gateway's stays"({ port, seen }, protocol) {
    const got = await ask(protocol, port, { path: "/headers/a?q=1", headers: { "x-case": "plain", "x-gone": "1" } });
    assert.deepEqual([got.status, got.headers["x-answer"], got.headers["x-internal"]], [200, "seen", undefined]);
    const { headers, path } = seen.at(-1)!;
    assert.deepEqual([path, headers["x-gone"], headers["x-end"]], ["/headers/a?q=1", undefined, "true"]);
    assert.match(String(headers["x-names"]), /^:method,:scheme,:authority,:path,/);
    assert.equal(headers["x-told"], "request.path=/headers/a?q=1;source.address=127.0.0.1");
    assert.deepEqual([headers["host"], headers["x-forwarded-for"]], ["app.example.test", "127.0.0.1"]);
  },
  async "a path is changed, one that is none is not"({ port, seen }, protocol) {
    await ask(protocol, port, { path: "/headers/a?q=1", headers: { "x-case": "path" } });
    assert.equal(seen.at(-1)!.path, "/rewritten?by=service");
    await ask(protocol, port, { path: "/headers/a", headers: { "x-case": "bad-path" } });
    assert.deepEqual([seen.at(-1)!.path, seen.at(-1)!.headers["x-smuggled"]], ["/headers/a", undefined]);
  },
  async "whole content is replaced both ways"({ port, seen }, protocol) {
    const headers = { "x-case": "plain" };
    const got = await ask(protocol, port, { path: "/buffered", headers, pieces: ["some ", "words"] });
    assert.deepEqual([seen.at(-1)!.body, got.body.toString()], ["SOME WORDS", "YOU SAID: SOME WORDS"]);
    await ask(protocol, port, { path: "/buffered", headers: { "x-case": "clear" }, body: "some words" });
    assert.equal(seen.at(-1)!.body, "");
    const kept = await ask(protocol, port, { path: "/buffered", headers: { "x-case": "keep" }, body: "some words" });
    assert.equal(kept.body.toString(), "you said: some words");
    const empty = await ask(protocol, port, { path: "/buffered", headers });
    assert.equal(empty.body.toString(), "YOU SAID: ");
  },
  async "streamed content is replaced piece by piece, much of it too"({ port, seen }, protocol) {
    const headers = { "x-case": "plain" };
    const got = await ask(protocol, port, { path: "/streamed", headers, body: large });
    assert.ok(seen.at(-1)!.body === large.toUpperCase());
    assert.ok(got.body.toString() === `YOU SAID: ${large.toUpperCase()}`);
    const kept = await ask(protocol, port, { path: "/streamed", headers: { "x-case": "keep" }, body: large });
    assert.ok(kept.body.toString() === `you said: ${large}`);
  },
  async "the service answers itself"({ port, seen }, protocol) {
    for (const [path, at] of [
      ["/headers", "request_headers"],
      ["/headers", "response_headers"],
      ["/buffered", "request_body"],
    ] as const) {
      const before = seen.length;
      const got = await ask(protocol, port, { path, headers: { "x-case": `immediate-at-${at}` }, body: "words" });
      assert.deepEqual([got.status, got.body.toString(), got.headers["x-why"]], [403, "no, sorry", "case"], at);
      assert.equal(seen.length - before, at === "response_headers" ? 1 : 0, at);
    }
  },
  async "a service that is silent, dies or mixes things up is no permission"({ port, seen }, protocol) {
    const before = seen.length;
    for (const path of ["/headers", "/buffered", "/streamed"]) {
      for (const how of ["silent", "dies", "mixed-up"]) {
        const got = await ask(protocol, port, { path, headers: { "x-case": how }, body: "words" });
        assert.equal(got.status, 503, `${path} ${how}`);
      }
    }
    assert.equal(seen.length, before);
  },
  async "with failOpen requests go on as they are"({ port, seen }, protocol) {
    for (const how of ["silent", "dies", "mixed-up"]) {
      const got = await ask(protocol, port, { path: "/open", headers: { "x-case": how }, body: "words" });
      assert.deepEqual([got.status, got.body.toString()], [200, "you said: words"], how);
      assert.equal(seen.at(-1)!.body, "words", how);
    }
  },
  async "content that is too large to be shown as a whole gets 413"({ port, seen }, protocol) {
    const before = seen.length;
    const body = "x".repeat(1_048_577);
    const got = await ask(protocol, port, { path: "/buffered", headers: { "x-case": "plain" }, body }).catch(
      () => undefined,
    );
    // A client may see its connection close before it reads the answer.
    assert.ok(got === undefined || got.status === 413);
    assert.equal(seen.length, before);
  },
  async "clients that leave end their conversations"({ port, processor }, protocol) {
    const left = new Promise((later) => setTimeout(later, 50));
    await ask(protocol, port, { path: "/headers", headers: { "x-case": "silent" }, until: left }).catch(() => {});
    await eventually(() => processor.open() === 0);
  },
};

/** A case takes less than four seconds. */
const caseMs = 20_000;

function tooLong(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`took ${caseMs} ms`)), caseMs).unref());
}

async function main(): Promise<number> {
  const processor = await startProcessor();
  const seen: Seen[] = [];
  const backend = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(pieces).toString();
    seen.push({ path: request.url ?? "", headers: request.headers, body });
    response.writeHead(200, { "content-type": "text/plain", "x-internal": "1" });
    response.end(`you said: ${body}`);
  });
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  const folder = await mkdtemp(join(tmpdir(), "sluice-ext-proc-"));
  let passed = 0;
  let failed = 0;
  try {
    const file = join(folder, "gateway.yaml");
    await writeFile(file, manifests((backend.address() as AddressInfo).port, processor.port));
    await using gateway = await SluiceProcess.start(["run", file, "--map-port", "80:0"]);
    await gateway.ready();
    const lab = { port: await gateway.localPort(80), seen, processor };
    for (const protocol of ["http1", "http2"] as const) {
      for (const [name, attempt] of Object.entries(cases)) {
        try {
          await Promise.race([attempt(lab, protocol), tooLong()]);
          passed++;
        } catch (error) {
          failed++;
          console.log(`${protocol}: ${name}: ${error instanceof Error ? error.message : error}`);
        }
      }
    }
  } finally {
    backend.closeAllConnections();
    backend.close();
    processor.stop();
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = await main();
