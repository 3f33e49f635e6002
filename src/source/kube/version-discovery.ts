import { setTimeout as delay } from "node:timers/promises";
import type { KubeClient } from "../../kube/kube-client.ts";
import type { Kind } from "../../resource/kinds.ts";
import { Backoff, type BackoffOptions } from "./backoff.ts";
import { discoverVersions } from "./discover-versions.ts";

export type VersionDiscoveryOptions = {
  readonly client: KubeClient;
  readonly kinds: readonly Kind[];
  readonly backoff?: BackoffOptions;
  /** Kinds that should be served, because their definitions are there: they are looked for a while. */
  readonly expected: () => Iterable<Kind>;
  /** Called after every look, with the versions through which kinds are read, and those that were served before. */
  readonly onFound: (versions: ReadonlyMap<Kind, string>, before: ReadonlySet<Kind>) => void;
};

/** With doubling waits that is some minutes. */
const tries = 10;

/** Which kinds the server serves, and in which versions: at the start, and again when there is reason to look. */
export class VersionDiscovery {
  readonly #options: VersionDiscoveryOptions;
  readonly #stop = new AbortController();
  #served: ReadonlySet<Kind> = new Set();
  #error: unknown;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(options: VersionDiscoveryOptions) {
    this.#options = options;
  }

  /** What went wrong last at the start. */
  get error(): unknown {
    return this.#error;
  }

  /** The first answer, however often it takes to ask; `undefined` when the end came first. */
  async first(ended: AbortSignal): Promise<ReadonlyMap<Kind, string> | undefined> {
    const { client, kinds } = this.#options;
    const backoff = new Backoff(this.#options.backoff);
    while (!ended.aborted) {
      try {
        const versions = await discoverVersions(client, kinds, ended);
        this.#served = new Set(versions.keys());
        return versions;
      } catch (error) {
        // What came before the end says more than the end itself.
        if (!ended.aborted) this.#error = error;
      }
      await this.#pause(backoff, ended);
    }
    return undefined;
  }

  /** Looks again now and, as long as a kind that is expected is not served yet, a few more times. */
  again(): void {
    this.#lookAgain = true;
    this.#looking ??= this.#lookUntilCalm().finally(() => {
      this.#looking = undefined;
    });
  }

  /** Resolves when nothing is asked any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  async #lookUntilCalm(): Promise<void> {
    const { client, kinds, expected, onFound } = this.#options;
    const { signal } = this.#stop;
    const backoff = new Backoff(this.#options.backoff);
    while (this.#lookAgain && !signal.aborted) {
      this.#lookAgain = false;
      try {
        const versions = await discoverVersions(client, kinds, signal);
        onFound(versions, this.#served);
        this.#served = new Set(versions.keys());
        this.#lookAgain ||= [...expected()].some((kind) => !versions.has(kind));
      } catch {
        this.#lookAgain = true;
      }
      if (backoff.failures >= tries) return;
      if (this.#lookAgain) await this.#pause(backoff, signal);
    }
  }

  /** Until the time is over, the signal says stop, or the server is back. */
  async #pause(backoff: Backoff, signal: AbortSignal): Promise<void> {
    const back = new AbortController();
    const unsubscribe = this.#options.client.onReachable(() => {
      backoff.reset();
      back.abort();
    });
    await delay(backoff.nextMs(), undefined, { signal: AbortSignal.any([signal, back.signal]) }).catch(() => {});
    unsubscribe();
  }
}
