/** What the benchmarks of streams share: the embedded plane, nginx, HAProxy and Envoy as plain forwarders of one port. */
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type BenchFolder, pinned } from "./proxy-bench.ts";

/** Where Debian's `libnginx-mod-stream` puts it. */
export const debianStreamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";

type Forward = { readonly protocol: "TCP" | "UDP"; readonly port: number; readonly upstreamPort: number };

/** The embedded plane on core 0. */
export function sluiceStream({ protocol, port, upstreamPort }: Forward): ChildProcess {
  const script = new URL("./embedded-streams.ts", import.meta.url).pathname;
  const flags = ["--protocol", protocol, "--port", String(port), "--backend", String(upstreamPort)];
  return pinned(0, process.execPath, [script, ...flags]);
}

/** nginx with its stream module; `undefined` when the module is not there. */
export function nginxStream(
  folder: BenchFolder,
  module: string,
  { protocol, port, upstreamPort }: Forward,
): ChildProcess | undefined {
  if (!existsSync(module)) return undefined;
  const at = join(folder.path, "stream");
  const listen = protocol === "UDP" ? `${port} udp` : String(port);
  const config = folder.file(
    "stream.conf",
    `load_module ${module}; daemon off; worker_processes 1; pid ${at}.pid; error_log ${at}.log crit;
events { worker_connections 4096; }
stream { server { listen 127.0.0.1:${listen}; proxy_pass 127.0.0.1:${upstreamPort}; } }`,
  );
  return pinned(0, "nginx", ["-c", config, "-e", `${at}.log`]);
}

/** HAProxy in TCP mode. It forwards no UDP. */
export function haproxyStream(folder: BenchFolder, { port, upstreamPort }: Forward): ChildProcess {
  const config = folder.file(
    "haproxy-tcp.cfg",
    `global
  nbthread 1
  maxconn 4096
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen in
  bind 127.0.0.1:${port}
  server s 127.0.0.1:${upstreamPort}
`,
  );
  return pinned(0, "haproxy", ["-db", "-f", config]);
}

/** Envoy with its TCP or UDP proxy. */
export function envoyStream(folder: BenchFolder, { protocol, port, upstreamPort }: Forward): ChildProcess {
  const address = (number: number) => ({ socket_address: { protocol, address: "127.0.0.1", port_value: number } });
  const typed = (name: string, config: object) => ({
    "@type": `type.googleapis.com/envoy.extensions.filters.${name}`,
    ...config,
  });
  const tcp = {
    filter_chains: [
      {
        filters: [
          { name: "tcp", typed_config: typed("network.tcp_proxy.v3.TcpProxy", { stat_prefix: "in", cluster: "up" }) },
        ],
      },
    ],
  };
  const route = { "@type": "type.googleapis.com/envoy.extensions.filters.udp.udp_proxy.v3.Route", cluster: "up" };
  const udp = {
    listener_filters: [
      {
        name: "udp",
        typed_config: typed("udp.udp_proxy.v3.UdpProxyConfig", {
          stat_prefix: "in",
          matcher: { on_no_match: { action: { name: "route", typed_config: route } } },
        }),
      },
    ],
  };
  const config = folder.file(
    `envoy-${protocol.toLowerCase()}.json`,
    JSON.stringify({
      static_resources: {
        listeners: [{ name: "in", address: address(port), ...(protocol === "UDP" ? udp : tcp) }],
        clusters: [
          {
            name: "up",
            type: "STATIC",
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
