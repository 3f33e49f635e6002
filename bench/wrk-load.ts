import { execFileSync } from "node:child_process";
import type { BenchFolder, Load } from "./proxy-bench.ts";

/** The load of `wrk` on core 1: requests as a browser sends them, over all the routes but those of three hosts. */
export function wrkLoad(folder: BenchFolder, connections: string): (port: number, seconds: number) => Load {
  const script = folder.file(
    "load.lua",
    `local n = 0
request = function() n = n + 1; return wrk.format("GET", "/svc" .. (n % 10) .. "/item?id=" .. n % 1000, { ["Host"] = "h" .. (n % 7) .. ".example.test", ["User-Agent"] = "bench/1.0 (linux; like a browser with a long name)", ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ["Accept-Language"] = "en-GB,en;q=0.5", ["Cookie"] = "session=0123456789abcdef0123456789abcdef; theme=dark" }) end`,
  );
  return (port, seconds) => runWrk({ script, connections, port, seconds });
}

/** One run of `wrk` on core 1 with a script of requests. */
export function runWrk(run: {
  readonly script: string;
  readonly connections: string;
  readonly port: number;
  readonly seconds: number;
}): Load {
  const out = execFileSync(
    "taskset",
    [
      ...["-c", "1", "wrk", "-t1", `-c${run.connections}`, `-d${run.seconds}s`, "--latency", "-s", run.script],
      `http://127.0.0.1:${run.port}`,
    ],
    { encoding: "utf8" },
  );
  return {
    requests: Number(/(\d+) requests in/.exec(out)?.[1] ?? 0),
    failed: Number(/Non-2xx or 3xx responses: (\d+)/.exec(out)?.[1] ?? 0),
    latency: `p99 ${/99%\s+(\S+)/.exec(out)?.[1] ?? "?"}`,
  };
}
