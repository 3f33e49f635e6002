import type { KubeObject, ResourcePath } from "../../src/kube/kube-client.ts";
import { openKubeClient } from "../../src/kube/open-kube-client.ts";
import { Reflector, type ReflectorTuning } from "../../src/source/kube/reflector.ts";
import { FakeApiServer } from "./fake-api-server.ts";

export const services: ResourcePath = { group: "", version: "v1", plural: "services" };

export function service(name: string, mark = "1"): KubeObject {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "shop" }, spec: { mark } };
}

export type Told = { readonly what: "put" | "remove"; readonly name: string; readonly size: number };

/** A reflector of Services on a fake server. */
export type Reflected = {
  readonly server: FakeApiServer;
  readonly reflector: Reflector;
  /** What the sink was told, in order, each with the size of the table after it. */
  readonly told: readonly Told[];
  /** What the reflector waited between tries. */
  readonly waits: readonly number[];
  /** `name=mark` of the table. */
  table(): readonly string[];
  /** `name=mark` of the server. */
  truth(): readonly string[];
  stop(): Promise<void>;
};

const textOf = (object: KubeObject): string => {
  const { metadata, spec } = object as { metadata: { name: string }; spec: { mark: string } };
  return `${metadata.name}=${spec.mark}`;
};

/** Runs a reflector, and stops it and its server after `run`. Waits between tries are recorded and of no time. */
export async function reflect(
  prepare: (server: FakeApiServer) => void,
  run: (reflected: Reflected) => Promise<void>,
  { bodyLimitBytes, ...tuning }: ReflectorTuning & { readonly bodyLimitBytes?: number } = {},
): Promise<void> {
  await using server = await FakeApiServer.start();
  prepare(server);
  const client = openKubeClient({ access: server.access, ...(bodyLimitBytes === undefined ? {} : { bodyLimitBytes }) });
  const objects = new Map<string, KubeObject>();
  const told: Told[] = [];
  const waits: number[] = [];
  const stopping = new AbortController();
  const reflector = new Reflector({
    client,
    path: services,
    random: () => 0,
    wait: async (ms, signal) => {
      waits.push(ms);
      // Long waits are for `wake` to end; short ones are over at once.
      if (ms >= 60_000 && !signal.aborted)
        await new Promise((ended) => signal.addEventListener("abort", ended, { once: true }));
      else await new Promise((later) => setImmediate(later));
    },
    ...tuning,
    sink: {
      put(key, object) {
        objects.set(key, object);
        told.push({ what: "put", name: key.slice(key.indexOf("/") + 1), size: objects.size });
      },
      remove(key) {
        objects.delete(key);
        told.push({ what: "remove", name: key.slice(key.indexOf("/") + 1), size: objects.size });
      },
    },
  });
  const running = reflector.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  try {
    await run({
      server,
      reflector,
      told,
      waits,
      table: () => [...objects.values()].map(textOf).sort(),
      truth: () => server.store.list("", "services").map(textOf).sort(),
      stop,
    });
  } finally {
    await stop();
    await client.close();
  }
}
