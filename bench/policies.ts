/**
 * CPU that each policy adds to a proxied HTTP/1.1 request: the embedded plane, nginx and Envoy with the same policy, in turn, in
 * one run, each beside itself without one.
 *
 *   npm run bench -- policies [--rounds 3] [--seconds 3] [--connections 64] [--policies local-rate-limit,…]
 *
 * Method and needs are those of `http1.ts`; the policies are those of `policy-filters.ts`.
 */
import { parseArgs } from "node:util";
import { isPolicyName, measuredPolicies, type PolicyName } from "./policy-filters.ts";
import { BenchFolder, compare, envoy, envoyPeer, nginxProxy, type Peer, sluice } from "./proxy-bench.ts";
import { wrkLoad } from "./wrk-load.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    policies: { type: "string", default: Object.keys(measuredPolicies).join(",") },
  },
});
using folder = new BenchFolder();

const peers = flags.policies.split(",").flatMap((policy): readonly Peer[] => {
  if (!isPolicyName(policy)) throw new Error(`there is no policy ${policy}; known: ${Object.keys(measuredPolicies)}`);
  return peersWith(policy);
});

function peersWith(policy: PolicyName): readonly Peer[] {
  const { nginx, envoy: filters, does } = measuredPolicies[policy];
  console.log(`${policy}: ${does}`);
  const named = (peer: Peer): Peer => ({ ...peer, name: policy === "none" ? peer.name : `${peer.name}, ${policy}` });
  return [
    { name: "sluice", start: (port: number, upstreamPort: number) => sluice(port, upstreamPort, ["--policy", policy]) },
    {
      name: "nginx",
      start: (port: number, upstreamPort: number) =>
        nginxProxy(folder, { port, upstreamPort, listen: "", before: nginx }),
    },
    ...envoyPeer((port, upstreamPort) => envoy(folder, { port, upstreamPort, filters })),
  ].map(named);
}

const load = wrkLoad(folder, flags.connections);
await compare(folder, { peers, rounds: Number(flags.rounds), seconds: Number(flags.seconds), load });
