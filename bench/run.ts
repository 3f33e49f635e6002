/** `npm run bench -- NAME [flags]`: runs one benchmark of this folder; without a name, lists them. */

/** By name: what it measures. The first seven run beside nginx and HAProxy in one run, as CPU and as ratios. */
const benchmarks = {
  http1: "CPU that a proxied HTTP/1.1 request costs",
  http2: "CPU that an HTTP/2 request costs",
  grpc: "CPU that a gRPC call costs",
  tls: "CPU of new TLS handshakes, and of requests over kept connections",
  tcp: "CPU of a TCP connection, and of a MiB passed through",
  udp: "CPU of a datagram and its answer",
  policies: "CPU that policies add to a request, one by one and together, beside Envoy's own filters and nginx",
  "early-answers": "how often an answer during an upload reaches curl, beside HAProxy",
  memory: "what an idle connection holds, and one with a big body for a slow backend",
  compile: "time to validate and compile 5,000 routes, and again after one changed",
  "route-table": "time to find a route among many",
  "wire-http1": "time to parse and write message heads",
  apply: "what one added route costs after the compiler: stream, proxy, state file, metrics, statuses",
  "route-memory": "what routes hold in memory, part by part, in the controller and in a proxy",
  "access-log": "time to write a line of the access log, and to count a request",
} as const;

const name = process.argv[2];
if (name !== undefined && Object.hasOwn(benchmarks, name)) {
  process.argv.splice(2, 1);
  await import(`./${name}.ts`);
} else {
  if (name !== undefined) console.error(`There is no benchmark "${name}".\n`);
  console.log("npm run bench -- NAME [flags]\n");
  for (const [known, what] of Object.entries(benchmarks)) console.log(`  ${known.padEnd(12)} ${what}`);
  process.exitCode = name === undefined ? 0 : 2;
}
