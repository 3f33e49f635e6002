/**
 * Starts the embedded plane with 100 routes (10 hosts of 10 prefixes, `h0.example.test/svc0` to `h9.example.test/svc9`) in
 * front of one backend: `node bench/embedded.ts --port 8080 --backend 9100 [--access-log FILE] [--certificate FILE --key FILE]`.
 * With a certificate it serves HTTPS; with `--upstream http2` it speaks that to the backend.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { PlaneUpdate } from "../src/ir/plane.ts";
import { EmbeddedPlane } from "../src/proxy/embedded-plane.ts";
import { openLogSink } from "../src/telemetry/access-log.ts";
import { createTelemetry } from "../src/telemetry/create-telemetry.ts";
import { buildUpdate, type TestRule } from "../test/plane/model-builder.ts";
import { tellHeldMemory } from "./held-memory.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    backend: { type: "string", default: "9100" },
    "access-log": { type: "string" },
    certificate: { type: "string" },
    key: { type: "string" },
    upstream: { type: "string", default: "http1" },
  },
});

const protocol = values.upstream === "http2" ? "http2" : "http1";
const rules: TestRule[] = [];
for (let host = 0; host < 10; host++) {
  for (let service = 0; service < 10; service++) {
    rules.push({
      name: `h${host}-svc${service}`,
      hostname: `h${host}.example.test`,
      match: { path: { kind: "prefix", value: `/svc${service}` } },
      backends: [{ name: "backend", ports: [Number(values.backend)], cluster: { protocol } }],
    });
  }
}

const logFile = values["access-log"];
const telemetry = createTelemetry({
  version: "bench",
  ...(logFile === undefined ? {} : { accessLogSink: await openLogSink(logFile) }),
});
const plane = new EmbeddedPlane({ telemetry, allowedUpstream: ["loopback"] });
const { certificate, key } = values;
const listener = { name: "http", port: Number(values.port), rules };
const update =
  certificate === undefined || key === undefined
    ? buildUpdate([listener])
    : secure(readFileSync(certificate, "utf8"), readFileSync(key, "utf8"));
const report = await plane.apply(update);
console.log(JSON.stringify(report));

tellHeldMemory(() => plane.queuedBytes);

process.on("SIGTERM", async () => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ userUs: user, systemUs: system, rssBytes: process.memoryUsage().rss }));
  await plane.drain(100);
  await telemetry.close();
});

function secure(chainPem: string, keyPem: string): PlaneUpdate {
  const certificates = [{ key: "bench", fingerprint: "1", names: ["*.example.test"] }];
  const tls = { mode: "terminate", certificates, minVersion: "TLSv1.2" } as const;
  return buildUpdate([{ ...listener, tls }], new Map([["bench", { kind: "certificate", chainPem, keyPem }]]));
}
