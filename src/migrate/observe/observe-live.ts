/** Sends requests to two gateways that run. */
import type { Observation, Observe } from "../verify/observation.ts";
import type { Probe } from "../verify/probe.ts";
import { sendProbe } from "./send-probe.ts";

/** Where a gateway takes requests of each scheme. */
export type LiveGateway = { readonly host: string; readonly ports: Readonly<Record<"http" | "https", number>> };

/** Requests that are on their way at the same time: gateways serve others meanwhile. */
const atATime = 4;

/** The same requests to both, one after the other; Host and SNI are those of the request, whatever the gateways are called. */
export function observeLive(old: LiveGateway, fresh: LiveGateway): Observe {
  return async (probes) => {
    const observed: { old: Observation; new: Observation }[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < probes.length; at = next++) {
        const probe = probes[at] as Probe;
        observed[at] = { old: await ask(probe, old), new: await ask(probe, fresh) };
      }
    };
    await Promise.all(Array.from({ length: atATime }, work));
    return observed;
  };
}

function ask(probe: Probe, { host, ports }: LiveGateway): Promise<Observation> {
  return sendProbe(probe, { host, port: ports[probe.scheme], client: "own" });
}
