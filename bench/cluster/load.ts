/** Requests over kept connections, from this process: one poll at a time, or a closed loop beside what is measured. */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "undici";
import { type Distribution, distributionOf } from "./distribution.ts";

export type Asked = { readonly host: string; readonly path?: string };

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
};

const answerTimeoutMs = 10_000;

/** A kept connection to a gateway. One request at a time. */
export class Connection implements AsyncDisposable {
  readonly #client: Client;

  constructor(address: string, port = 80) {
    this.#client = new Client(`http://${address}:${port}`, {
      ...{ pipelining: 1, headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs },
      keepAliveTimeout: 60_000,
    });
  }

  /** Rejects when the connection breaks or nothing comes within ten seconds. */
  async ask({ host, path = "/" }: Asked): Promise<Answer> {
    const { statusCode, headers, body } = await this.#client.request({ method: "GET", path, headers: { host } });
    return { status: statusCode, headers, body: await body.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.destroy();
  }
}

export type LoadOptions = {
  readonly address: string;
  readonly connections: number;
  /** Of one connection, after each answer. Default: 0 ms. */
  readonly pauseMs?: number;
  /** What the n-th request asks for. */
  readonly next: (n: number) => Asked;
  /** Says what is wrong with an answer. */
  readonly fault: (answer: Answer, n: number) => string | undefined;
};

export type LoadResult = {
  readonly requests: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly latency: Distribution;
  /** The first few faults, each with the second in which it happened. */
  readonly faults: readonly string[];
};

/** Faults that are told of; all are counted. */
const toldFaults = 10;

/** Closed loops, until they are stopped. */
export class Load {
  readonly #options: LoadOptions;
  readonly #latencies: number[] = [];
  readonly #faults: string[] = [];
  readonly #startMs = performance.now();
  readonly #loops: Promise<void>[];
  #failed = 0;
  #next = 0;
  #stopping = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#loops = Array.from({ length: options.connections }, () => this.#loop());
  }

  get failed(): number {
    return this.#failed;
  }

  /** Lets the requests under way finish. */
  async stop(): Promise<LoadResult> {
    this.#stopping = true;
    await Promise.all(this.#loops);
    return {
      requests: this.#latencies.length,
      failed: this.#failed,
      latency: distributionOf(this.#latencies),
      faults: this.#faults,
    };
  }

  async #loop(): Promise<void> {
    const { address, next, fault, pauseMs = 0 } = this.#options;
    await using connection = new Connection(address);
    while (!this.#stopping) {
      const n = this.#next++;
      const startMs = performance.now();
      const found = await connection.ask(next(n)).then(
        (answer) => fault(answer, n),
        (error: Error) => `${error.name}: ${error.message}`,
      );
      this.#latencies.push(performance.now() - startMs);
      if (found !== undefined) this.#note(found);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  }

  #note(fault: string): void {
    this.#failed++;
    if (this.#faults.length >= toldFaults) return;
    this.#faults.push(`after ${((performance.now() - this.#startMs) / 1000).toFixed(1)} s: ${fault}`);
  }
}

export type PollOptions = {
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** Takes one look; `true` ends the polling. */
  readonly look: () => Promise<boolean>;
};

/** Looks in a fixed rhythm, one look at a time, and resolves to when it was done; `undefined` after the timeout. */
export async function poll({ everyMs, timeoutMs, look }: PollOptions): Promise<number | undefined> {
  const startMs = performance.now();
  for (let round = 1; ; round++) {
    if (await look()) return performance.now();
    if (performance.now() - startMs > timeoutMs) return undefined;
    await sleep(Math.max(0, startMs + round * everyMs - performance.now()));
  }
}
