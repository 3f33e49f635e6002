/**
 * What curl decodes (with zlib, libbrotli and libzstd) of what the gateway has encoded, beside what the backend sent, byte for byte:
 * bodies of random content and length, in random pieces, over HTTP/1.1 and HTTP/2, between clients that leave in the middle.
 * Prints `N passed, N failed`. `--runs N` bodies for each encoding and protocol; `--seed N` for the same ones again.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { SluiceProcess } from "../cli/sluice-process.ts";

const run = promisify(execFile);

const { values } = parseArgs({
  options: { runs: { type: "string", default: "40" }, seed: { type: "string", default: String(Date.now() % 1e9) } },
});
const runs = Number(values.runs);

/** Accept-Encoding values, and what curl calls the decoder that it needs. */
const encodings = [
  { encoding: "gzip", feature: "libz" },
  { encoding: "br", feature: "brotli" },
  { encoding: "zstd", feature: "zstd" },
] as const;
const protocols = ["--http1.1", "--http2-prior-knowledge"] as const;

/** A request takes less than a second. */
const requestSeconds = "20";

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Body = { readonly pieces: readonly Buffer[]; readonly measured: boolean; readonly hash: string };

/** Text, noise and repetition, from nothing to some hundred kilobytes. */
function makeBody(seed: number): Body {
  const random = numbers(seed);
  const whole = (limit: number) => Math.floor(random() * limit);
  const pieces = Array.from({ length: whole(8) }, () => {
    const length = whole(10 ** (1 + whole(5)));
    const piece = Buffer.alloc(length);
    const kind = whole(3);
    for (let at = 0; at < length; at++) piece[at] = kind === 0 ? whole(256) : kind === 1 ? 97 + whole(4) : 97;
    return piece;
  });
  const hash = createHash("sha256").update(Buffer.concat(pieces)).digest("hex");
  return { pieces, measured: random() < 0.5, hash };
}

async function send({ pieces, measured }: Body, response: ServerResponse): Promise<void> {
  const length = pieces.reduce((sum, { length }) => sum + length, 0);
  response.writeHead(200, { "content-type": "text/plain", ...(measured ? { "content-length": length } : {}) });
  for (const piece of pieces) {
    if (!response.write(piece)) await Promise.race([once(response, "drain"), once(response, "close")]);
    await new Promise((later) => setImmediate(later));
  }
  response.end();
}

const manifests = (port: number) => `
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
spec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: app, port: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: default }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: app-1, namespace: default, labels: { kubernetes.io/service-name: app } }
addressType: IPv4
ports: [{ name: http, port: ${port} }]
endpoints: [{ addresses: [127.0.0.1], conditions: { ready: true } }]
---
apiVersion: gateway.sluice.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: app, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: app }]
  compressor: [{ type: Gzip }, { type: Brotli }, { type: Zstd }]
`;

/** What is wrong with one answer; `undefined`: nothing. */
async function judge(url: string, body: Body, asked: { encoding: string; protocol: string; into: string }) {
  const { encoding, protocol, into } = asked;
  const { stdout } = await run("curl", [
    ...["-sS", "--compressed", protocol, "--max-time", requestSeconds, "-H", `Accept-Encoding: ${encoding}`],
    ...["-o", into, "-D", "-", url],
  ]);
  const received = createHash("sha256")
    .update(await readFile(into))
    .digest("hex");
  if (received !== body.hash) return "the content is another one";
  const length = body.pieces.reduce((sum, piece) => sum + piece.length, 0);
  const used = /^content-encoding: *(\S+)/im.exec(stdout)?.[1];
  const expected = length >= 30 ? encoding : used;
  return used === expected ? undefined : `Content-Encoding is ${used}, not ${expected}`;
}

async function main(): Promise<number> {
  const { stdout: version } = await run("curl", ["--version"]);
  const usable = encodings.filter(({ feature }) => version.includes(feature));
  for (const { encoding } of encodings.filter((one) => !usable.includes(one)))
    console.log(`curl cannot decode ${encoding}: it is left out`);
  const folder = await mkdtemp(join(tmpdir(), "sluice-compression-"));
  const backend = createServer((request, response) => void send(makeBody(Number(request.url?.slice(1))), response));
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  let passed = 0;
  let failed = 0;
  try {
    const file = join(folder, "gateway.yaml");
    await writeFile(file, manifests((backend.address() as AddressInfo).port));
    await using gateway = await SluiceProcess.start(["run", file, "--map-port", "80:0"]);
    await gateway.ready();
    const port = await gateway.localPort(80);
    const next = numbers(Number(values.seed));
    for (const { encoding } of usable) {
      for (const protocol of protocols) {
        for (let index = 0; index < runs; index++) {
          const seed = Math.floor(next() * 2 ** 32);
          const url = `http://127.0.0.1:${port}/${seed}`;
          // Every fourth time somebody leaves in the middle, too.
          const leaves =
            index % 4 === 0 ? run("curl", ["-s", protocol, "--compressed", "--max-time", "0.01", url]) : undefined;
          leaves?.catch(() => {});
          const wrong = await judge(url, makeBody(seed), { encoding, protocol, into: join(folder, "body") }).catch(
            String,
          );
          if (wrong === undefined) passed++;
          else {
            failed++;
            console.log(`${encoding} ${protocol} body ${seed} (--seed ${values.seed}): ${wrong}`);
          }
        }
      }
    }
  } finally {
    backend.closeAllConnections();
    backend.close();
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = await main();
