/**
 * The HTTP/2 judge: h2spec in strict mode against the edge in front of a plain HTTP/1.1 backend, clear and TLS, on
 * loopback. Ends with `N passed, N failed`.
 *
 *   npm run check:h2spec [-- SECTION…]      for example: npm run check:h2spec -- http2/6.9 hpack
 *
 * h2spec is built once by the Go toolchain into the user's cache folder; without one this judge is skipped and says so.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { SecretTable } from "../../src/ir/secret-table.ts";
import { EmbeddedPlane } from "../../src/proxy/embedded-plane.ts";
import { createTelemetry } from "../../src/telemetry/create-telemetry.ts";
import { buildUpdate } from "../plane/model-builder.ts";
import { makeCertificate } from "../test-certificate.ts";
import { runCommand } from "./run-command.ts";

const version = "v2.2.1+incompatible";
/** A figure that was agreed on: a suite that runs fewer cases has not been run. */
const casesPerRun = 146;

/** Where the judge is; built when it is not. `undefined`: there is no Go to build it with. */
function findJudge(): string | undefined {
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sluice", `h2spec-${version}`);
  const program = join(folder, "h2spec");
  if (existsSync(program)) return program;
  const go = ["go", "/usr/local/go/bin/go"].find((name) => spawnSync(name, ["version"]).status === 0);
  if (go === undefined) return undefined;
  mkdirSync(folder, { recursive: true });
  const build = spawnSync(go, ["install", `github.com/summerwind/h2spec/cmd/h2spec@${version}`], {
    env: { ...process.env, GOBIN: folder },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return build.status === 0 ? program : undefined;
}

const judge = findJudge();
if (judge === undefined) {
  console.log("skipped: h2spec needs the Go toolchain (https://go.dev/dl) to be built once, and there is none here");
  process.exit(0);
}

const backend = createServer((request, response) => {
  request.resume().on("end", () => response.end("an answer that is longer than the windows that the judge tries"));
}).listen(0, "127.0.0.1");
await once(backend, "listening");

const certificate = makeCertificate({ names: ["localhost"] });
const rules = [{ name: "app", backends: [{ name: "app", ports: [(backend.address() as AddressInfo).port] }] }];
const tls = {
  mode: "terminate",
  certificates: [{ key: "demo/localhost", fingerprint: "1", names: ["localhost"] }],
  minVersion: "TLSv1.2",
} as const;
const update = buildUpdate([
  { name: "clear", port: 80, rules },
  { name: "secure", port: 443, tls, rules },
]);
const secrets = new SecretTable(
  new Map([
    ["demo/localhost", { kind: "certificate", chainPem: certificate.certPem, keyPem: certificate.keyPem } as const],
  ]),
);
const telemetry = createTelemetry({ version: "h2spec" });
const plane = new EmbeddedPlane({ telemetry, mapPort: () => 0, allowedUpstream: ["loopback"] });
await plane.apply({ ...update, secrets });

let passed = 0;
let failed = 0;
for (const [name, port, flags] of [
  ["clear", plane.boundPort(80), []],
  ["TLS", plane.boundPort(443), ["--tls", "--insecure"]],
] as const) {
  const sections = process.argv.slice(2);
  const args = ["--strict", "--host", "127.0.0.1", "--port", String(port), "--timeout", "5", ...flags, ...sections];
  const { output } = await runCommand(judge, args);
  console.log(output.replace(/^/gm, `${name.padEnd(5)} | `));
  const [cases, good] = /(\d+) tests, (\d+) passed/.exec(output)?.slice(1).map(Number) ?? [0, 0];
  const wanted = sections.length === 0 ? casesPerRun : Math.max(cases ?? 0, 1);
  passed += good ?? 0;
  failed += wanted - (good ?? 0);
}

await plane.drain(0);
await telemetry.close();
backend.close();
backend.closeAllConnections();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
