import { createHash } from "node:crypto";
import type { OwnRequest } from "../../filter/contract/own-request.ts";
import type { RedisCaller, RedisRun, RedisScripts, RedisServer } from "../../filter/contract/redis.ts";
import { RedisLink } from "./redis-link.ts";

/** After this a connection that nobody has used is closed when another one is opened. Milliseconds. */
const unusedMs = 600_000;

/** The connections to Redis servers that a plane has, one for each server and login, for as long as the plane is there. */
export class RedisLinks implements RedisScripts {
  readonly #links = new Map<string, RedisLink>();
  readonly #onBug: (error: unknown) => void;

  constructor(onBug: (error: unknown) => void) {
    this.#onBug = onBug;
  }

  connect(server: RedisServer): void {
    this.#link(server).follow(server);
  }

  call(server: RedisServer, run: RedisRun, caller: RedisCaller): OwnRequest {
    return this.#link(server).call(run, caller);
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #link(server: RedisServer): RedisLink {
    const { cluster, database, username, password } = server;
    const secret = createHash("sha256")
      .update(JSON.stringify([username, password]))
      .digest("base64url");
    const key = `${cluster.cluster.key} ${database} ${secret}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      this.#closeUnused();
      link = new RedisLink(server, this.#onBug);
      this.#links.set(key, link);
    }
    return link;
  }

  /** Those of a configuration that is gone. One that is closed too early is opened again by the next call. */
  #closeUnused(): void {
    const sinceMs = performance.now() - unusedMs;
    for (const [key, link] of this.#links) {
      if (link.usedMs > sinceMs) continue;
      link.close();
      this.#links.delete(key);
    }
  }
}
