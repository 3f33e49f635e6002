/**
 * The interoperability cases of gRPC, with the client and the server of grpc-go, through the gateway: in clear text and over TLS on
 * either side. Needs Go; without it the run is skipped and says so.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SluiceProcess } from "../cli/sluice-process.ts";
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";
import { backendName, edgeName, interopManifests, listeners } from "./manifests.ts";

const run = promisify(execFile);

/** Cases that need no credentials of a cloud. gRPC, "Interoperability Test Case Descriptions". */
const cases = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "custom_metadata",
  "status_code_and_message",
  "special_status_message",
  "unimplemented_method",
  "unimplemented_service",
  "cancel_after_begin",
  "cancel_after_first_response",
  "timeout_on_sleeping_server",
  // Beyond the fourteen: many calls on one connection, and a new one for each.
  "rpc_soak",
  "channel_soak",
] as const;

/** A case takes less than a second; one that hangs is a failure. */
const caseTimeoutMs = 30_000;
const buildTimeoutMs = 600_000;

async function findGo(): Promise<string | undefined> {
  for (const go of ["go", "/usr/local/go/bin/go"]) {
    const found = await run(go, ["version"]).then(
      () => true,
      () => false,
    );
    if (found) return go;
  }
  return undefined;
}

/** Builds client and server, outside the tree; a second run finds them built. */
async function build(go: string): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folder = join(cache, "sluice", "grpc-interop");
  await mkdir(folder, { recursive: true });
  const packages = ["client", "server"].map((name) => `google.golang.org/grpc/interop/${name}`);
  await run(go, ["build", "-o", `${folder}/`, ...packages], { cwd: import.meta.dirname, timeout: buildTimeoutMs });
  return folder;
}

/** A port that is free now: the server of grpc-go cannot be told to take any. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function answers(port: number, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`the server of grpc-go ended with ${server.exitCode}`);
    const socket = connect(port, "127.0.0.1");
    const connected = await Promise.race([once(socket, "connect"), once(socket, "error")]).then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function main(): Promise<number> {
  const go = await findGo();
  if (go === undefined) {
    console.log("grpc-interop: skipped, because Go is not installed");
    console.log("0 passed, 0 failed");
    return 0;
  }
  const tools = await build(go).catch((error: Error) => error);
  if (tools instanceof Error) {
    console.log(`grpc-interop: client and server of grpc-go cannot be built\n${tools.message}`);
    console.log("0 passed, 1 failed");
    return 1;
  }
  const folder = await mkdtemp(join(tmpdir(), "sluice-grpc-interop-"));
  const servers: ChildProcess[] = [];
  try {
    const authority = makeCertificate({ commonName: "interop authority", authority: "yes" });
    const edge = makeCertificate({ names: [edgeName], issuer: authority });
    const backend = makeCertificate({ names: [backendName], issuer: authority });
    const files = await writeFiles(folder, { authority, backend });
    const ports = { clear: await freePort(), secure: await freePort() };
    const secured = ["--use_tls", `--tls_cert_file=${files.cert}`, `--tls_key_file=${files.key}`];
    const clear = spawn(join(tools, "server"), [`--port=${ports.clear}`], { stdio: "ignore" });
    const secure = spawn(join(tools, "server"), [`--port=${ports.secure}`, ...secured], { stdio: "ignore" });
    servers.push(clear, secure);
    await Promise.all([answers(ports.clear, clear), answers(ports.secure, secure)]);
    const manifests = join(folder, "gateway.yaml");
    await writeFile(manifests, interopManifests(ports, edge, authority));
    const mapping = Object.values(listeners).flatMap(({ port }) => ["--map-port", `${port}:0`]);
    await using gateway = await SluiceProcess.start(["run", manifests, ...mapping]);
    await gateway.ready();
    return await runCases(join(tools, "client"), gateway, files.ca);
  } finally {
    for (const server of servers) server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

type Files = { readonly ca: string; readonly cert: string; readonly key: string };

async function writeFiles(
  folder: string,
  { authority, backend }: { readonly authority: TestCertificate; readonly backend: TestCertificate },
): Promise<Files> {
  const files = { ca: join(folder, "ca.pem"), cert: join(folder, "backend.pem"), key: join(folder, "backend.key") };
  await writeFile(files.ca, authority.certPem);
  await writeFile(files.cert, backend.certPem);
  await writeFile(files.key, backend.keyPem);
  return files;
}

async function runCases(client: string, gateway: SluiceProcess, ca: string): Promise<number> {
  let failed = 0;
  let passed = 0;
  for (const { port, tls, title } of Object.values(listeners)) {
    const localPort = await gateway.localPort(port);
    const secured = tls ? ["--use_tls", "--use_test_ca", `--ca_file=${ca}`, `--server_host_override=${edgeName}`] : [];
    for (const name of cases) {
      const args = ["--server_host=127.0.0.1", `--server_port=${localPort}`, `--test_case=${name}`, ...secured];
      const problem = await run(client, args, { timeout: caseTimeoutMs }).then(
        () => undefined,
        (error: { stderr?: string; message: string }) => error.stderr?.trim() || error.message,
      );
      if (problem === undefined) passed++;
      else failed++;
      console.log(`${problem === undefined ? "ok  " : "FAIL"} ${title}: ${name}`);
      if (problem !== undefined) console.log(problem.replace(/^/gm, "     "));
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
