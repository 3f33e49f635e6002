/**
 * Memory that a connection holds in the embedded plane, beside that in a server of Node alone, which is the least it can be.
 *
 *   npm run bench -- memory [--connections 2000] [--uploads 400] [--only idle-tls]
 *
 * Four rows: connections that have had an answer and are idle, clear and TLS 1.3; and connections of which each sends a body
 * of 4 MiB to a backend that reads nothing, clear and TLS. The figure is what the process grows by from the first batch of connections to
 * the last, divided by their number: resident memory, and JavaScript's own part of it (heap and buffers), each after a full
 * collection. An upload counts with its connection to the backend, which the server of Node does not have. `queued` is what waits in buffers of the gateway.
 *
 * Needs Linux, and as many file descriptors as four times the connections.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { parseArgs } from "node:util";
import { makeCertificate } from "../test/test-certificate.ts";
import type { HeldMemory } from "./held-memory.ts";
import { BenchFolder } from "./proxy-bench.ts";

const { values: flags } = parseArgs({
  options: {
    connections: { type: "string", default: "2000" },
    uploads: { type: "string", default: "400" },
    only: { type: "string", default: "" },
  },
});

type Dial = (port: number) => Promise<Socket>;

const bodyBytes = 4 * 1024 * 1024;
const part = Buffer.alloc(64 * 1024, "x");
const ca = makeCertificate({ names: ["*.example.test"] });
using folder = new BenchFolder();
const certificate = folder.file("certificate.pem", ca.certPem);
const key = folder.file("key.pem", ca.keyPem);

const clear: Dial = async (port) => {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  return socket;
};
const tls: Dial = async (port) => {
  const socket = connectTls({ port, host: "127.0.0.1", servername: "h0.example.test", ca: ca.certPem });
  await once(socket, "secureConnect");
  return socket;
};

/** Has an answer on the connection, and leaves it idle. */
async function rest(socket: Socket): Promise<void> {
  socket.write("GET /svc0/item HTTP/1.1\r\nHost: h0.example.test\r\n\r\n");
  await once(socket, "data");
}

/** Sends a body as far as it is taken. */
async function upload(socket: Socket): Promise<void> {
  socket.write(`POST /svc0/slow HTTP/1.1\r\nHost: h0.example.test\r\nContent-Length: ${bodyBytes}\r\n\r\n`);
  let left = bodyBytes;
  const push = (): void => {
    while (left > 0) {
      left -= part.length;
      if (!socket.write(part)) return;
    }
  };
  socket.on("drain", push);
  push();
}

/** Answers GET, and reads no more of a connection than the head of anything else. */
const backend = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (bytes: Buffer) => {
    if (bytes.latin1Slice(0, 3) === "GET") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    else socket.pause();
  });
});
backend.listen(0, "127.0.0.1");
await once(backend, "listening");

const rows: readonly {
  readonly name: string;
  readonly dial: Dial;
  readonly use: typeof rest;
  readonly count: number;
}[] = [
  { name: "idle-clear", dial: clear, use: rest, count: Number(flags.connections) },
  { name: "idle-tls", dial: tls, use: rest, count: Number(flags.connections) },
  { name: "upload-clear", dial: clear, use: upload, count: Number(flags.uploads) },
  { name: "upload-tls", dial: tls, use: upload, count: Number(flags.uploads) },
];

/** JavaScript's own part. */
const managed = ({ heapUsed, external }: HeldMemory): number => heapUsed + external;
const kib = (bytes: number): string => (bytes / 1024).toFixed(1).padStart(9);
console.log("KiB a connection          resident  heap+buffers     queued");
for (const { name, dial, use, count } of rows) {
  if (flags.only !== "" && !flags.only.split(",").includes(name)) continue;
  for (const server of ["sluice", "bare"] as const) {
    const gateway = await start(server, dial === tls);
    // The first batch brings what the process needs once.
    const sockets = await open(gateway.port, dial, use, Math.ceil(count / 4));
    const before = await usage(gateway.process);
    sockets.push(...(await open(gateway.port, dial, use, count)));
    const after = await usage(gateway.process);
    const each = (of: (at: HeldMemory) => number): string => kib((of(after) - of(before)) / count);
    console.log(
      `${`${name} ${server}`.padEnd(24)} ${each(({ rss }) => rss)} ${each(managed).padStart(13)} ${each(({ queued }) => queued).padStart(10)}`,
    );
    for (const socket of sockets) socket.destroy();
    gateway.process.kill("SIGKILL");
    await once(gateway.process, "exit");
  }
}
backend.close();
process.exit(0);

async function open(port: number, dial: Dial, use: typeof rest, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(50, count - sockets.length) }, async () => {
      const socket = await dial(port);
      socket.on("error", () => {});
      await use(socket);
      return socket;
    });
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

/** What the gateway holds once nothing moves any more. */
async function usage(gateway: ChildProcess): Promise<HeldMemory> {
  let last: HeldMemory | undefined;
  // A connection keeps what it needs at hand for a second after an answer.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    gateway.send("memory");
    const [now] = (await once(gateway, "message")) as [HeldMemory];
    const moved = last === undefined ? Number.POSITIVE_INFINITY : Math.abs(managed(now) - managed(last));
    if (now.queued === last?.queued && moved < 128 * 1024) return now;
    last = now;
  }
}

async function start(
  server: "sluice" | "bare",
  secure: boolean,
): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, "close");
  const backendPort = (backend.address() as AddressInfo).port;
  const script = new URL(server === "sluice" ? "./embedded.ts" : "./bare-server.ts", import.meta.url);
  const gateway = fork(
    script,
    [
      ...["--port", String(port), ...(server === "sluice" ? ["--backend", String(backendPort)] : [])],
      ...(secure ? ["--certificate", certificate, "--key", key] : []),
    ],
    { execArgv: ["--expose-gc"], stdio: ["ignore", "pipe", "inherit", "ipc"] },
  );
  await once(gateway.stdout!, "data");
  gateway.stdout!.resume();
  return { process: gateway, port };
}
