/** A route toggled between two backend ports and two header filters under load: no answer may fail or mix the two. */
import { setTimeout as sleep } from "node:timers/promises";
import { echoImage } from "../../test/cluster/backends.ts";
import { gatewayApi, type Scene } from "../../test/cluster/feature.ts";
import { gatewayName } from "./bench-objects.ts";
import { distributionOf, renderDistribution } from "./distribution.ts";
import { type Answer, Load } from "./load.ts";
import { type Options, option, type Result, type Scenario } from "./scenario.ts";
import { openAddress } from "./serves.ts";

const host = "toggled.example.test";
/** Two configurations: a port of the Service, the pod's port behind it, and the mark that both header filters set. */
const states = [
  { mark: "a", port: 8080, targetPort: 3000 },
  { mark: "b", port: 8081, targetPort: 3100 },
] as const;

const container = ({ mark, targetPort }: (typeof states)[number]) => ({
  ...{ name: mark, image: echoImage },
  env: [
    { name: "HTTP_PORT", value: String(targetPort) },
    { name: "H2C_PORT", value: String(targetPort + 1) },
  ],
  readinessProbe: { tcpSocket: { port: targetPort }, periodSeconds: 1 },
});

const labels = { app: "toggled" };
const deployment = JSON.stringify({
  ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "toggled" } },
  spec: {
    ...{ replicas: 1, selector: { matchLabels: labels } },
    template: { metadata: { labels }, spec: { enableServiceLinks: false, containers: states.map(container) } },
  },
});
const service = JSON.stringify({
  ...{ apiVersion: "v1", kind: "Service", metadata: { name: "toggled" } },
  spec: {
    selector: labels,
    ports: states.map(({ mark, port, targetPort }) => ({ name: mark, port, targetPort })),
  },
});

const rules = ({ mark, port }: (typeof states)[number]) => [
  {
    filters: [
      { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-asked", value: mark }] } },
      { type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "x-answered", value: mark }] } },
    ],
    backendRefs: [{ name: "toggled", port }],
  },
];

const manifest = `
${deployment}
---
${service}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: ${gatewayName} }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: toggled }
spec:
  parentRefs: [{ name: ${gatewayName} }]
  hostnames: [${host}]
  rules: ${JSON.stringify(rules(states[0]))}
`;

/** The configuration that an answer is of; `undefined` when it is of none, or of both. */
function markOf({ status, headers, body }: Answer): string | undefined {
  if (status !== 200) return undefined;
  const echo = JSON.parse(body) as { readonly httpPort: string; readonly headers: Record<string, readonly string[]> };
  const state = states.find(({ targetPort }) => String(targetPort) === echo.httpPort);
  const asked = echo.headers["X-Asked"]?.join();
  return state?.mark === headers["x-answered"] && state?.mark === asked ? state?.mark : undefined;
}

async function run(scene: Scene, options: Options): Promise<Result> {
  const everyMs = option(options, "every-ms");
  const seconds = option(options, "seconds");
  await scene.applyReady(manifest);
  const address = await openAddress(scene);
  const name = scene.named("HTTPRoute", "toggled");
  const seen = { mark: "a", waiting: undefined as { readonly mark: string; readonly sinceMs: number } | undefined };
  const takenMs: number[] = [];
  const load = new Load({
    address,
    connections: option(options, "connections"),
    next: () => ({ host }),
    fault: (answer) => {
      const mark = markOf(answer);
      if (mark === undefined) {
        return `${answer.status}, x-answered ${answer.headers["x-answered"]}: ${answer.body.slice(0, 200)}`;
      }
      if (seen.waiting?.mark === mark) {
        takenMs.push(performance.now() - seen.waiting.sinceMs);
        seen.waiting = undefined;
      }
      return undefined;
    },
  });
  const startMs = performance.now();
  let toggles = 0;
  let overtaken = 0;
  while (performance.now() - startMs < seconds * 1000) {
    const state = states[(toggles + 1) % 2] ?? states[0];
    if (seen.waiting !== undefined) overtaken++;
    seen.waiting = { mark: state.mark, sinceMs: performance.now() };
    await scene.cluster.merge(name, { spec: { rules: rules(state) } });
    toggles++;
    await sleep(Math.max(0, startMs + toggles * everyMs - performance.now()));
  }
  const result = await load.stop();
  const taken = distributionOf(takenMs);
  return {
    rows: [
      { what: "toggles", value: `${toggles} in ${seconds} s` },
      { what: "requests", value: String(result.requests) },
      { what: "failed or mixed", value: String(result.failed), reference: "0" },
      { what: "latency", value: renderDistribution(result.latency, "ms") },
      { what: "from a toggle until an answer shows it", value: renderDistribution(taken, "ms") },
      { what: "toggles that the next one overtook", value: String(overtaken) },
    ],
    figures: { toggles, seconds, ...result, takenMs: taken, overtaken },
    faults: result.faults,
  };
}

export const toggle: Scenario = {
  does: "a route toggled between two ports and two header filters under closed-loop load",
  options: {
    seconds: { initial: 60, help: "how long" },
    "every-ms": { initial: 200, help: "between two toggles" },
    connections: { initial: 16, help: "closed loops" },
  },
  run,
};
