import type { UpstreamCluster } from "./endpoint.ts";
import type { OwnRequest } from "./own-request.ts";

/** A Redis or Valkey server, and how the gateway logs in there. */
export type RedisServer = {
  readonly cluster: UpstreamCluster;
  readonly database: number;
  readonly username: string;
  /** `undefined`: it asks for none. */
  readonly password: string | undefined;
};

/** A Lua script under a name: the same text for the same name, always. */
export type RedisScript = { readonly name: string; readonly lua: string };

/** One run of a script. */
export type RedisRun = {
  readonly script: RedisScript;
  readonly keys: readonly string[];
  readonly args: readonly number[];
  /** From the call to its answer. Milliseconds. */
  readonly timeoutMs: number;
};

/** Told once of what became of a call, unless it is cancelled; perhaps before `call` has returned. */
export interface RedisCaller {
  /** What the script has returned: numbers alone. */
  onNumbers(numbers: readonly number[]): void;
  /** No server took it, or no answer that can be read came in time. The script may have run. */
  onFailure(): void;
}

/** Runs scripts on Redis servers, over one connection for each server. While one is known to be away its calls fail at once. */
export interface RedisScripts {
  /** Begins to connect, so that the first call need not wait. */
  connect(server: RedisServer): void;
  call(server: RedisServer, run: RedisRun, caller: RedisCaller): OwnRequest;
}
