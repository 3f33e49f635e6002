import { connect as connectClear, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Redis } from "ioredis";
import type { RedisCaller, RedisRun, RedisServer } from "../../filter/contract/redis.ts";
import { ClusterRuntime } from "../cluster-runtime.ts";

/** Between attempts to reach a server that is away. Milliseconds. */
const firstRetryMs = 50;
const lastRetryMs = 1_000;

/** Without a byte of a server that owes an answer: the connection is given up, so that nothing piles up behind it. Milliseconds. */
const silenceMs = 2_000;

/** For a server to close a connection that has been ended. Milliseconds. */
const goodbyeMs = 500;

/** Calls of one server at a time; further ones fail at once. */
const maxCalls = 10_000;

/**
 * The connection to one server, made anew when it breaks, to whatever endpoint the cluster has then. Until it is known that nobody
 * is there calls wait for it, as long as each may; afterwards they fail at once until somebody is.
 */
export class RedisLink {
  /** When it was called last, as `performance.now()` has it. */
  usedMs = performance.now();
  #server: RedisServer;
  readonly #onBug: (error: unknown) => void;
  readonly #known = new Set<string>();
  #redis: Redis | undefined;
  #state: "opening" | "ready" | "away" | "closed" = "opening";
  readonly #waiting = new Set<RedisCall>();
  #calls = 0;

  constructor(server: RedisServer, onBug: (error: unknown) => void) {
    this.#server = server;
    this.#onBug = onBug;
    this.#open().catch((error: unknown) => {
      this.close();
      onBug(error);
    });
  }

  /** The same server, as a later model has it: its endpoints are asked from now on. */
  follow(server: RedisServer): void {
    this.#server = server;
  }

  call(run: RedisRun, caller: RedisCaller): RedisCall {
    this.usedMs = performance.now();
    const call = new RedisCall(run, caller);
    if (this.#state === "away" || this.#state === "closed" || this.#calls + this.#waiting.size >= maxCalls) {
      call.fail();
      return call;
    }
    call.begin();
    if (this.#state === "ready") void this.#run(call);
    else this.#waiting.add(call);
    return call;
  }

  close(): void {
    this.#state = "closed";
    this.#failWaiting();
    this.#redis?.disconnect();
  }

  /** Loaded when the first policy needs it: most gateways have none. */
  async #open(): Promise<void> {
    const { Redis, AbstractConnector } = await import("ioredis");
    if (this.#state === "closed") return;
    const link = this;
    class ToEndpoint extends AbstractConnector {
      constructor() {
        super(goodbyeMs);
      }

      override connect(): Promise<Socket | TLSSocket> {
        this.connecting = true;
        return new Promise((resolve, reject) => {
          try {
            this.stream = dial(link.#server);
            this.stream.once("error", (error) => {
              this.firstError = error;
            });
            resolve(this.stream);
          } catch (error) {
            reject(error);
          }
        });
      }
    }
    const { database, username, password } = this.#server;
    const redis = new Redis({
      Connector: ToEndpoint as never,
      db: database,
      protocol: 2,
      ...(username === "" ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      socketTimeout: silenceMs,
      connectTimeout: silenceMs,
      disableClientInfo: true,
      retryStrategy: (times) => Math.min(firstRetryMs * 2 ** (times - 1), lastRetryMs),
    });
    this.#redis = redis;
    redis.on("ready", () => {
      this.#state = "ready";
      for (const call of this.#waiting) void this.#run(call);
      this.#waiting.clear();
    });
    const onAway = (): void => {
      if (this.#state !== "closed") this.#state = "away";
      this.#failWaiting();
    };
    redis.on("close", onAway);
    redis.on("error", () => {});
  }

  async #run(call: RedisCall): Promise<void> {
    if (call.over) return;
    this.#calls++;
    let result: unknown;
    try {
      result = await this.#evaluate(call.run);
    } catch {
      // It is told of as what it is: no answer.
    }
    this.#calls--;
    try {
      call.settle(result);
    } catch (error) {
      this.#onBug(error);
    }
  }

  /** By its digest, after the first time on this server. */
  #evaluate({ script, keys, args }: RedisRun): Promise<unknown> {
    const redis = this.#redis! as Redis & Record<string, (...values: readonly unknown[]) => Promise<unknown>>;
    if (!this.#known.has(script.name)) {
      redis.defineCommand(script.name, { lua: script.lua });
      this.#known.add(script.name);
    }
    return redis[script.name]!(keys.length, ...keys, ...args);
  }

  #failWaiting(): void {
    for (const call of this.#waiting) call.fail();
    this.#waiting.clear();
  }
}

/** One call: told of once, in its time. */
export class RedisCall {
  over = false;
  readonly run: RedisRun;
  readonly #caller: RedisCaller;
  #timer: NodeJS.Timeout | undefined;

  constructor(run: RedisRun, caller: RedisCaller) {
    this.run = run;
    this.#caller = caller;
  }

  begin(): void {
    this.#timer = setTimeout(onTimeout, this.run.timeoutMs, this);
    this.#timer.unref();
  }

  settle(result: unknown): void {
    if (!Array.isArray(result) || !result.every((one) => typeof one === "number")) this.fail();
    else if (this.#end()) this.#caller.onNumbers(result);
  }

  fail(): void {
    if (this.#end()) this.#caller.onFailure();
  }

  cancel(): void {
    this.#end();
  }

  #end(): boolean {
    if (this.over) return false;
    this.over = true;
    clearTimeout(this.#timer);
    return true;
  }
}

function onTimeout(call: RedisCall): void {
  call.fail();
}

/** Connects to an endpoint that the cluster has now. Throws when there is none that may be dialled. */
function dial({ cluster }: RedisServer): Socket | TLSSocket {
  const runtime = cluster instanceof ClusterRuntime && cluster.broken !== "upstreamTls" ? cluster : undefined;
  const endpoint = runtime?.choose(performance.now(), undefined);
  if (endpoint === undefined) throw new Error("no endpoint");
  const { address: host, port, guard, tls } = endpoint;
  const refusal = guard.refusal(host);
  if (refusal !== undefined) throw refusal;
  const to = { host, port, lookup: guard.lookup, noDelay: true };
  if (tls === undefined) return connectClear(to);
  return connectTls({
    ...to,
    servername: tls.hostname,
    secureContext: tls.secureContext,
    checkServerIdentity: (_hostname, certificate) => tls.checkIdentity(certificate),
  });
}
