import { setTimeout as pause } from "node:timers/promises";
import { type KubeClient, KubeError } from "./kube-client.ts";

/** As many as client-go. */
const attemptLimit = 10;
/** A server that names a longer time is not waited for. */
const longestWaitMs = 30_000;

/**
 * A client for commands that run once: a request that the server puts off with `Retry-After` is sent again after that time, at
 * most 10 times. A server that has just got a CustomResourceDefinition does so for a second ("storage is (re)initializing").
 * Watches are not repeated.
 */
export function patientClient(client: KubeClient): KubeClient {
  return {
    get: (...args) => patiently(() => client.get(...args)),
    list: (...args) => patiently(() => client.list(...args)),
    watch: (...args) => client.watch(...args),
    create: (...args) => patiently(() => client.create(...args)),
    replace: (...args) => patiently(() => client.replace(...args)),
    patch: (...args) => patiently(() => client.patch(...args)),
    delete: (...args) => patiently(() => client.delete(...args)),
    raw: (...args) => patiently(() => client.raw(...args)),
    onReachable: (...args) => client.onReachable(...args),
    close: () => client.close(),
  };
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const waitMs = error instanceof KubeError ? error.retryAfterMs : undefined;
      if (waitMs === undefined || waitMs > longestWaitMs || attempt > attemptLimit) throw error;
      await pause(waitMs);
    }
  }
}
