import type { JwtKeys } from "../../ir/jwt.ts";
import { readJwks } from "../../ir/read-jwks.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { OwnAnswer, OwnMessage, OwnRequestCaller } from "../contract/own-request.ts";
import type { KeySet, Keys } from "./key-set.ts";

export type RemoteKeySource = Extract<JwtKeys, { readonly kind: "remote" }>;

/** Whole time of a fetch. Milliseconds. */
const fetchTimeoutMs = 5_000;

/** Largest answer with a key set. Bytes. */
const maxAnswerBytes = 262_144;

/** How long keys are used beyond their time while the provider does not answer. Milliseconds. */
export const outageMs = 3_600_000;

/** Least time between two fetches for the sake of a key that is not known: whoever makes up key ids cannot have more. Milliseconds. */
export const unknownKeyMs = 5_000;

/** Share of their time after which keys are fetched again while they are still used. */
const refreshShare = 0.8;

/** What a fetch needs of the configuration that is in force. */
export type FetchParts = Pick<FilterServices, "clock"> & {
  readonly requests: Pick<FilterServices["requests"], "send">;
  readonly clusters: readonly UpstreamCluster[];
  readonly onFetch: (result: "ok" | "failed") => void;
};

/**
 * Keys that a provider publishes. They are fetched when a request needs them and shortly before their time is over, one fetch at
 * a time. When the provider does not answer, the last good ones go on, within {@link outageMs}.
 */
export class RemoteKeys implements KeySet, OwnRequestCaller {
  readonly #source: RemoteKeySource;
  readonly #message: OwnMessage;
  #parts: FetchParts;
  #keys: Keys | undefined;
  /** The key set that `#keys` was made of. */
  #text = "";
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #failedMs = Number.NEGATIVE_INFINITY;
  #startedMs = Number.NEGATIVE_INFINITY;
  /** Each has another backend asked next. */
  #failures = 0;
  #fetch: PromiseWithResolvers<void> | undefined;

  constructor(source: RemoteKeySource, parts: FetchParts) {
    this.#source = source;
    this.#parts = parts;
    this.#message = keyRequest(source);
  }

  /** Another configuration is in force. */
  use(parts: FetchParts): void {
    this.#parts = parts;
  }

  current(): Keys | undefined {
    if (this.#keys === undefined) return undefined;
    const { cacheMs } = this.#source;
    const age = this.#age();
    if (age >= cacheMs * refreshShare) this.#ask();
    if (age < cacheMs) return this.#keys;
    const isOutage = this.#failedMs > this.#fetchedMs;
    return isOutage && age < cacheMs + outageMs ? this.#keys : undefined;
  }

  async load(): Promise<Keys | undefined> {
    const ready = this.current();
    if (ready !== undefined) return ready;
    this.#ask();
    await this.#fetch?.promise;
    return this.#age() < this.#source.cacheMs + outageMs ? this.#keys : undefined;
  }

  async loadNewer(seen: Keys): Promise<Keys> {
    if (this.#keys === seen && this.#now() - this.#startedMs >= unknownKeyMs) this.#ask();
    await this.#fetch?.promise;
    return this.#keys ?? seen;
  }

  onAnswer(answer: OwnAnswer): void {
    const text = answer.content.toString("utf8");
    const keys = answer.status === 200 ? readJwks(text) : undefined;
    if (keys === undefined) {
      this.onFailure();
      return;
    }
    const found = JSON.stringify(keys);
    const isSame = this.#keys !== undefined && found === this.#text;
    void this.#take(found, isSame ? undefined : keys);
  }

  onFailure(): void {
    this.#failedMs = this.#now();
    this.#failures++;
    this.#finish("failed");
  }

  async #take(text: string, changed: ReturnType<typeof readJwks>): Promise<void> {
    if (changed !== undefined) {
      const { findAmong } = await import("./jose.ts");
      this.#keys = { find: findAmong(changed) };
      this.#text = text;
    }
    this.#fetchedMs = this.#now();
    this.#finish("ok");
  }

  /** Begins a fetch, unless one is under way or the last one failed just now. */
  #ask(): void {
    const now = this.#now();
    if (this.#fetch !== undefined) return;
    if (this.#failedMs > this.#fetchedMs && now - this.#failedMs < this.#source.failedRefetchMs) return;
    this.#startedMs = now;
    this.#fetch = Promise.withResolvers();
    const { clusters, requests } = this.#parts;
    const cluster = clusters[this.#failures % clusters.length];
    if (cluster === undefined) {
      this.onFailure();
      return;
    }
    const options = { cluster, timeoutMs: fetchTimeoutMs, maxAnswerBytes, repeatable: true, client: undefined };
    requests.send(this.#message, options, this);
  }

  #finish(result: "ok" | "failed"): void {
    const fetch = this.#fetch;
    this.#fetch = undefined;
    this.#parts.onFetch(result);
    fetch?.resolve();
  }

  #age(): number {
    return this.#now() - this.#fetchedMs;
  }

  #now(): number {
    return this.#parts.clock.monotonicMs();
  }
}

function keyRequest({ host, target }: RemoteKeySource): OwnMessage {
  const writer = new HeadWriter(512);
  writer.text(`GET ${target} HTTP/1.1`).crlf().field("host", host).field("accept", "application/json");
  writer.field("user-agent", "sluice").crlf();
  return { method: "GET", head: writer.take(), content: Buffer.alloc(0), acceptsTrailers: false, logsIn: false };
}

/** Key sets that filters of a plane use: those of one address and cluster share one, whichever rules they are for. */
const shared = new WeakMap<FetchParts["requests"], Map<string, WeakRef<RemoteKeys>>>();

/** The keys at that address, fetched with what is in force now. */
export function remoteKeys(source: RemoteKeySource, parts: FetchParts): RemoteKeys {
  const known = shared.get(parts.requests) ?? new Map<string, WeakRef<RemoteKeys>>();
  shared.set(parts.requests, known);
  for (const [name, keys] of known) if (keys.deref() === undefined) known.delete(name);
  const name = JSON.stringify(source);
  const found = known.get(name)?.deref();
  if (found !== undefined) {
    found.use(parts);
    return found;
  }
  const made = new RemoteKeys(source, parts);
  known.set(name, new WeakRef(made));
  return made;
}
