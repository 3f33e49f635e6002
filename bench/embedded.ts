/**
 * Starts the embedded plane with 100 routes (10 hosts of 10 prefixes, `h0.example.test/svc0` to `h9.example.test/svc9`) in
 * front of one backend: `node bench/embedded.ts --port 8080 --backend 9100 [--access-log FILE]`.
 */
import { parseArgs } from "node:util";
import { EmbeddedPlane } from "../src/proxy/embedded-plane.ts";
import { openLogSink } from "../src/telemetry/access-log.ts";
import { createTelemetry } from "../src/telemetry/create-telemetry.ts";
import { buildUpdate, type TestRule } from "../test/plane/model-builder.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    backend: { type: "string", default: "9100" },
    "access-log": { type: "string" },
  },
});

const rules: TestRule[] = [];
for (let host = 0; host < 10; host++) {
  for (let service = 0; service < 10; service++) {
    rules.push({
      name: `h${host}-svc${service}`,
      hostname: `h${host}.example.test`,
      match: { path: { kind: "prefix", value: `/svc${service}` } },
      backends: [{ name: "backend", ports: [Number(values.backend)] }],
    });
  }
}

const logFile = values["access-log"];
const telemetry = createTelemetry({
  version: "bench",
  ...(logFile === undefined ? {} : { accessLogSink: await openLogSink(logFile) }),
});
const plane = new EmbeddedPlane({ telemetry, allowedUpstream: ["loopback"] });
const report = await plane.apply(buildUpdate([{ name: "http", port: Number(values.port), rules }]));
console.log(JSON.stringify(report));

process.on("SIGTERM", async () => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ userUs: user, systemUs: system, rssBytes: process.memoryUsage().rss }));
  await plane.drain(100);
  await telemetry.close();
});
