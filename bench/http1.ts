/**
 * CPU that one proxied HTTP/1.1 request costs: the embedded plane beside nginx and HAProxy, in turn, in one run.
 *
 *   npm run bench -- http1 [--rounds 5] [--seconds 4] [--connections 64] [--access-log]
 *
 * Every proxy has one core to itself and one worker, 100 routes (10 hosts, 10 prefixes), keep-alive on both sides; the
 * load (`wrk`) and the upstream (nginx, a 1 KiB answer from memory) share the other core. The figure is user and system
 * time of the proxy's processes, from /proc, divided by the requests that wrk counted; rounds are interleaved and the
 * median is quoted, because the machine's speed drifts. Compare inside one run only.
 *
 * Needs Linux, and nginx, haproxy, wrk and taskset in the PATH (Debian: `apt-get install nginx-light haproxy wrk`).
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "64" },
    "access-log": { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const rounds = Number(flags.rounds);
const seconds = Number(flags.seconds);
const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const hosts = Array.from({ length: 10 }, (_, host) => `h${host}.example.test`);
const prefixes = Array.from({ length: 10 }, (_, prefix) => `/svc${prefix}`);

type Peer = { readonly name: string; readonly start: (port: number, upstreamPort: number) => ChildProcess };

/** Writes a configuration file and returns its path. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const pinned = (core: number, command: string, args: readonly string[]): ChildProcess =>
  spawn("taskset", ["-c", String(core), command, ...args], { stdio: ["ignore", "ignore", "inherit"], detached: false });

function nginx(name: string, http: string, core: number): ChildProcess {
  const config = file(
    `${name}.conf`,
    `daemon off; worker_processes 1; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${folder}/${name}-body;
proxy_temp_path ${folder}/${name}-proxy; fastcgi_temp_path ${folder}/${name}-f; uwsgi_temp_path ${folder}/${name}-u; scgi_temp_path ${folder}/${name}-s;
${http} }`,
  );
  return pinned(core, "nginx", ["-c", config, "-e", `${folder}/${name}.log`]);
}

const peers: readonly Peer[] = [
  {
    name: "sluice",
    start: (port, upstreamPort) =>
      pinned(0, process.execPath, [
        new URL("./embedded.ts", import.meta.url).pathname,
        "--port",
        String(port),
        "--backend",
        String(upstreamPort),
        ...(flags["access-log"] ? ["--access-log", join(folder, "sluice-access.log")] : []),
      ]),
  },
  {
    name: "nginx",
    start: (port, upstreamPort) =>
      nginx(
        "proxy",
        `${flags["access-log"] ? `log_format j escape=json '{"t":"$time_iso8601","h":"$host","m":"$request_method","u":"$uri","s":$status,"d":$request_time,"a":"$remote_addr","ua":"$http_user_agent","id":"$request_id"}'; access_log ${folder}/nginx-access.log j buffer=64k;` : ""}
upstream up { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 100000000; }
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Request-Id $request_id; proxy_set_header Host $host;
${hosts.map((host) => `server { listen 127.0.0.1:${port}; server_name ${host}; ${prefixes.map((prefix) => `location ${prefix}/ { proxy_pass http://up; }`).join(" ")} }`).join("\n")}`,
        0,
      ),
  },
  {
    name: "haproxy",
    start: (port, upstreamPort) =>
      pinned(0, "haproxy", [
        "-db",
        "-f",
        file(
          "haproxy.cfg",
          `global
  nbthread 1
  maxconn 4096
${flags["access-log"] ? `  log stdout format raw local0` : ""}
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  unique-id-format %{+X}o%ci%cp%fi%fp%Ts%rt
  unique-id-header x-request-id
  http-request set-header x-forwarded-proto http
${hosts.flatMap((host, h) => prefixes.map((prefix, p) => `  use_backend b${h}_${p} if { req.hdr(host) -i ${host} } { path_beg ${prefix}/ }`)).join("\n")}
${hosts.flatMap((_, h) => prefixes.map((_, p) => `backend b${h}_${p}\n  server s 127.0.0.1:${upstreamPort}`)).join("\n")}
`,
        ),
      ]),
  },
];

/** User and system CPU seconds of a process and its children so far. */
function cpuSeconds(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100 + children.reduce((sum, child) => sum + cpuSeconds(child), 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Resolves when the port answers; fails after ten seconds. */
async function listening(port: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = dial(port, "127.0.0.1")
        .once("connect", () => resolve(true))
        .once("error", () => resolve(false));
      socket.once("close", () => socket.destroy());
      setTimeout(() => socket.destroy(), 200);
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

const stop = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 3000).unref();
  });

/** Requests that wrk counted, and those that were not 2xx. */
function load(port: number, forSeconds: number): { requests: number; failed: number; p99: string } {
  const script = file(
    "load.lua",
    `local n = 0
request = function() n = n + 1; return wrk.format("GET", "/svc" .. (n % 10) .. "/item?id=" .. n % 1000, { ["Host"] = "h" .. (n % 7) .. ".example.test", ["User-Agent"] = "bench/1.0 (linux; like a browser with a long name)", ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ["Accept-Language"] = "en-GB,en;q=0.5", ["Cookie"] = "session=0123456789abcdef0123456789abcdef; theme=dark" }) end`,
  );
  const out = execFileSync(
    "taskset",
    [
      "-c",
      "1",
      "wrk",
      "-t1",
      `-c${flags.connections}`,
      `-d${forSeconds}s`,
      "--latency",
      "-s",
      script,
      `http://127.0.0.1:${port}`,
    ],
    { encoding: "utf8" },
  );
  return {
    requests: Number(/(\d+) requests in/.exec(out)?.[1] ?? 0),
    failed: Number(/Non-2xx or 3xx responses: (\d+)/.exec(out)?.[1] ?? 0),
    p99: /99%\s+(\S+)/.exec(out)?.[1] ?? "?",
  };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const upstreamPort = await freePort();
const upstream = nginx(
  "upstream",
  `server { listen 127.0.0.1:${upstreamPort}; location / { return 200 "${"x".repeat(1024)}"; } }`,
  1,
);
const figures = new Map<string, { cpuUs: number[]; p99: string[]; failed: number }>();
try {
  await listening(upstreamPort);
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers.filter(
      (candidate) => flags.only === "" || flags.only.split(",").includes(candidate.name),
    )) {
      const port = await freePort();
      const child = peer.start(port, upstreamPort);
      try {
        await listening(port);
        load(port, 1);
        const before = cpuSeconds(child.pid as number);
        const { requests, failed, p99 } = load(port, seconds);
        const cpuUs = ((cpuSeconds(child.pid as number) - before) * 1e6) / requests;
        const row = figures.get(peer.name) ?? { cpuUs: [], p99: [], failed: 0 };
        row.cpuUs.push(cpuUs);
        row.p99.push(p99);
        row.failed += failed;
        figures.set(peer.name, row);
        console.log(
          `round ${round + 1} ${peer.name.padEnd(8)} ${cpuUs.toFixed(1)} µs CPU a request, ${requests} requests, ${failed} failed, p99 ${p99}`,
        );
      } finally {
        await stop(child);
      }
    }
  }
} finally {
  await stop(upstream);
  rmSync(folder, { recursive: true, force: true });
}
const reference = median(figures.get("nginx")?.cpuUs ?? []);
console.log("\n| proxy | CPU µs a request (median) | beside nginx | failed |\n| --- | --- | --- | --- |");
for (const [name, row] of figures) {
  console.log(
    `| ${name} | ${median(row.cpuUs).toFixed(1)} | ${(median(row.cpuUs) / reference).toFixed(2)} | ${row.failed} |`,
  );
}
