/**
 * How often an answer that comes before the upload has ended reaches curl, beside HAProxy.
 *
 *   npm run bench -- early-answers [--runs 20]
 *
 * Answers of the gateway's own (413, 401, 404), and a 401 of a backend that resets its connection right after; uploads of
 * 100 KB and 3 MB over TLS with HTTP/1.1 (curl waits for 100 Continue before large bodies, or does not) and HTTP/2. A run
 * counts when curl prints the status, whatever its exit code. Needs curl and HAProxy.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { parseArgs, promisify } from "node:util";
import { EmbeddedPlane } from "../src/proxy/embedded-plane.ts";
import { createTelemetry } from "../src/telemetry/create-telemetry.ts";

import { buildUpdate, type TestRule } from "../test/plane/model-builder.ts";
import { withSettings } from "../test/plane/plane-fixture.ts";
import { makeCertificate } from "../test/test-certificate.ts";
import { BenchFolder, freePort, listening, pinned, stop } from "./proxy-bench.ts";

const { values: flags } = parseArgs({ options: { runs: { type: "string", default: "20" } } });
const runs = Number(flags.runs);
const { certPem, keyPem } = makeCertificate({ names: ["localhost"] });
using folder = new BenchFolder();

const cases = [
  { name: "413 of its own", path: "/large", status: "413" },
  { name: "401 of its own", path: "/login", status: "401" },
  { name: "404 of its own", path: "/nowhere", status: "404" },
  { name: "401 of a backend that resets", path: "/backend", status: "401" },
] as const;

const clients = [
  { name: "HTTP/1.1", args: ["--http1.1"] },
  { name: "HTTP/1.1, no Expect", args: ["--http1.1", "-H", "Expect:"] },
  { name: "HTTP/2", args: ["--http2"] },
] as const;

const uploads = [
  { name: "100 KB", file: folder.file("small", "x".repeat(100_000)) },
  { name: "3 MB", file: folder.file("large", "x".repeat(3_000_000)) },
] as const;

const backend = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", () => {
    socket.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", () => {
      socket.resetAndDestroy();
    });
  });
});
backend.listen(0, "127.0.0.1");
await once(backend, "listening");
const { port: backendPort } = backend.address() as AddressInfo;

await using general = await startSluice(Number.POSITIVE_INFINITY);
await using small = await startSluice(65_536);
const haproxyPort = await freePort();
const haproxy = startHaproxy(haproxyPort);
await listening(haproxyPort);

console.log("| answer | client | body | sluice | haproxy |\n| --- | --- | --- | --- | --- |");
for (const { name, path, status } of cases) {
  for (const client of clients) {
    for (const upload of uploads) {
      const seen = async (port: number): Promise<number> => {
        const url = `https://127.0.0.1:${port}${path}`;
        // Ten at a time: a client that gets no answer waits for its whole time.
        let count = 0;
        for (let run = 0; run < runs; run += 10) {
          const batch = Array.from({ length: Math.min(10, runs - run) }, () =>
            statusOf(url, [...client.args, "-T", upload.file]),
          );
          for (const seen of await Promise.all(batch)) if (seen === status) count++;
        }
        return count;
      };
      const own = await seen(status === "413" ? small.port : general.port);
      const other = await seen(haproxyPort);
      console.log(`| ${name} | ${client.name} | ${upload.name} | ${own} of ${runs} | ${other} of ${runs} |`);
    }
  }
}
await stop(haproxy);
backend.close();

/** What curl prints as the status; `000` when it has none. */
async function statusOf(url: string, args: readonly string[]): Promise<string> {
  const all = ["-sk", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", ...args, url];
  try {
    return (await promisify(execFile)("curl", all)).stdout;
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}

async function startSluice(requestBodyBytes: number) {
  const backends = [{ name: "backend", ports: [backendPort] }];
  const rule = (path: string, more: Partial<TestRule>): TestRule => ({
    name: path.slice(1),
    match: { path: { kind: "prefix", value: path } },
    backends,
    ...more,
  });
  const login = { kind: "directResponse", status: 401, reason: "Log in." } as const;
  const rules = [rule("/large", {}), rule("/backend", {}), rule("/login", { filters: [login] })];
  const certificates = [{ key: "bench", fingerprint: "1", names: ["localhost"] }];
  const tls = { mode: "terminate", certificates, minVersion: "TLSv1.2" } as const;
  const secrets = new Map([["bench", { kind: "certificate", chainPem: certPem, keyPem } as const]]);
  const telemetry = createTelemetry({ version: "bench" });
  const plane = new EmbeddedPlane({
    telemetry,
    mapPort: () => 0,
    allowedUpstream: ["loopback"],
  });
  const update = buildUpdate([{ name: "https", port: 443, rules, tls }], secrets);
  await plane.apply(withSettings(update, { requestBodyBytes }));
  return {
    port: plane.boundPort(443) ?? 0,
    [Symbol.asyncDispose]: async () => {
      await plane.drain(0);
      await telemetry.close();
    },
  };
}

function startHaproxy(port: number) {
  const pem = folder.file("haproxy.pem", `${certPem}\n${keyPem}`);
  const config = folder.file(
    "haproxy.cfg",
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:${port} ssl crt ${pem} alpn h2,http/1.1
  http-request deny deny_status 413 if { path /large }
  http-request deny deny_status 401 if { path /login }
  http-request deny deny_status 404 if { path /nowhere }
  default_backend b
backend b
  server s 127.0.0.1:${backendPort}
`,
  );
  return pinned(0, "haproxy", ["-f", config, "-db"]);
}
