import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { repository, SluiceProcess, sluice } from "./sluice-process.ts";
import { streamExamples } from "./stream-example-folders.ts";

/** Commands of a README's shell blocks, with the line of comment under each. */
function commandsOf(folder: string): readonly { readonly command: string; readonly promise: string }[] {
  const readme = readFileSync(join(repository, folder, "README.md"), "utf8");
  return [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => {
    const lines = block.split("\n");
    return lines.flatMap((command, index) => {
      const next = lines[index + 1] ?? "";
      if (command === "" || command.startsWith("# ")) return [];
      return [{ command, promise: next.startsWith("# ") ? next.slice(2) : "" }];
    });
  });
}

/** The `run` command of a folder with every mapped port left to the system. */
function runOf(folder: string, example: string): { readonly args: string[]; readonly ports: [number, number][] } {
  const line = commandsOf(folder).find(({ command }) => command.includes(` run ${example} `))?.command ?? "";
  const words = line.split(" ").slice(5);
  const ports: [number, number][] = [];
  const args = words.map((word) => {
    const mapping = /^(\d+):(\d+)$/.exec(word);
    if (!mapping) return word;
    ports.push([Number(mapping[1]), Number(mapping[2])]);
    return `${mapping[1]}:0`;
  });
  return { args: args.filter((word, index) => word !== "--admin" && args[index - 1] !== "--admin"), ports };
}

for (const folder of streamExamples) {
  test(`sluice check finds nothing wrong with ${folder}`, async () => {
    const flags = runOf(folder, folder).args.filter((word) => word === "--stub-backends");
    const { code, out } = await sluice(["check", folder, "--strict", ...flags]);
    assert.equal(code, 0, out);
    assert.match(out, /^(no findings|\d+ info)/);
  });
}

for (const folder of ["examples/tcp", "examples/udp"]) {
  test(`every node line of ${folder} prints what its README says`, async () => {
    const { args, ports } = runOf(folder, folder);
    await using process = await SluiceProcess.start(args);
    const { listeners } = await process.ready();
    const snippets = commandsOf(folder).filter(({ command }) => command.startsWith("node -e "));
    assert.ok(snippets.length > 0);
    for (const { command, promise } of snippets) {
      const protocol = command.includes("dgram") ? "UDP" : "TCP";
      const [listenerPort, readmePort] = ports[0] ?? [0, 0];
      const bound = listeners.find((one) => one.port === listenerPort && one.protocol === protocol);
      assert.ok(bound, `no ${protocol} listener on ${listenerPort}`);
      const script = /^node -e "(.*)"$/.exec(command)?.[1] ?? "";
      assert.equal(await evaluate(script.replace(String(readmePort), String(bound.localPort))), promise);
    }
  });
}

async function evaluate(script: string): Promise<string> {
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  return (await text(child.stdout)).trim();
}

describe("examples/tls-passthrough", () => {
  test("curl reaches the backend behind the gateway, with the backend's certificate", async () => {
    const folder = "examples/tls-passthrough";
    await using backend = await SluiceProcess.start(runOf(folder, "examples/tls").args);
    const copy = mkdtempSync(join(tmpdir(), "sluice-example-"));
    try {
      cpSync(join(repository, folder), copy, { recursive: true });
      const routes = readFileSync(join(copy, "routes.yaml"), "utf8");
      const port = await backend.localPort(443);
      writeFileSync(join(copy, "routes.yaml"), routes.replaceAll("9443", String(port)));
      const { args } = runOf(folder, folder);
      await using gateway = await SluiceProcess.start(args.map((word) => (word === folder ? copy : word)));
      const edge = await gateway.localPort(443);
      const direct = await ask(port, "shop.example.com");
      const through = await ask(edge, "shop.example.com");
      assert.equal(through.status, 200);
      assert.equal(JSON.parse(through.body).service, "shop");
      assert.equal(through.certificate, direct.certificate);
      await assert.rejects(ask(edge, "other.example.com"), /before secure TLS connection|ECONNRESET/);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});

function ask(port: number, host: string): Promise<{ status: number; body: string; certificate: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path: "/cart",
        servername: host,
        headers: { host },
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        const socket = response.socket as import("node:tls").TLSSocket;
        const certificate = socket.getPeerCertificate().fingerprint256;
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body, certificate }), reject);
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}
