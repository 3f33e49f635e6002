/**
 * Starts the embedded plane with one TCP or UDP listener in front of one backend:
 * `node bench/embedded-streams.ts --protocol TCP --port 8080 --backend 9100`.
 */
import { parseArgs } from "node:util";
import { EmbeddedPlane } from "../src/proxy/embedded-plane.ts";
import { createTelemetry } from "../src/telemetry/create-telemetry.ts";
import { buildStreams } from "../test/plane/stream-model.ts";

const { values } = parseArgs({
  options: {
    protocol: { type: "string", default: "TCP" },
    port: { type: "string", default: "8080" },
    backend: { type: "string", default: "9100" },
  },
});
const telemetry = createTelemetry({ version: "bench" });
const plane = new EmbeddedPlane({ telemetry, allowedUpstream: ["loopback"] });
const protocol = values.protocol === "UDP" ? "UDP" : "TCP";
const backends = [{ name: "backend", ports: [Number(values.backend)] }];
console.log(JSON.stringify(await plane.apply(buildStreams([{ protocol, port: Number(values.port), backends }]))));

process.on("SIGTERM", async () => {
  await plane.drain(100);
  await telemetry.close();
});
