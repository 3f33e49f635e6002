/**
 * Starts the embedded plane with what manifests say, in front of one backend that every Service stands for:
 * `node bench/policies-plane.ts --port 8080 --manifests FILE`. Fails on a finding that is an error.
 */

import { parseArgs } from "node:util";
import { longFlagsOf } from "../src/cli/flags.ts";
import { compile } from "../src/compile/compile.ts";
import { nothingRetained } from "../src/compile/compile-options.ts";
import { defaultIngressOptions } from "../src/ingress/ingress-options.ts";
import { defaultListenerSettings } from "../src/ir/listener-settings.ts";
import { EmbeddedPlane } from "../src/proxy/embedded-plane.ts";
import { loadPaths } from "../src/source/folder/load-paths.ts";
import { createTelemetry } from "../src/telemetry/create-telemetry.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "8080" }, manifests: { type: "string", default: "" } },
});

const loaded = await loadPaths([values.manifests]);
const { routing, endpoints, secrets, findings } = compile(loaded.snapshot, {
  controllerName: "sluice.dev/gateway-controller",
  adoptClasses: false,
  flags: longFlagsOf("run"),
  retained: nothingRetained,
  nowMs: Date.now(),
  stubBackends: false,
  selfSigned: false,
  allowExternalName: false,
  ingress: defaultIngressOptions,
  listenerSettings: defaultListenerSettings,
  supportedFeatures: [],
  supportedProtocols: ["HTTP"],
});
const faults = [...loaded.findings, ...findings].filter(({ severity }) => severity === "error");
if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join("\n"));

const telemetry = createTelemetry({ version: "bench" });
const port = Number(values.port);
const plane = new EmbeddedPlane({ telemetry, allowedUpstream: ["loopback"], mapPort: () => port });
await plane.apply({ generation: 1, routing, endpoints, secrets });

process.on("SIGTERM", async () => {
  await plane.drain(100);
  await telemetry.close();
});
