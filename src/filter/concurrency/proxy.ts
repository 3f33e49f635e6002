import { type BuildFilter, built } from "../contract/build.ts";
import { onOutcome, onRequest } from "../contract/hook.ts";
import type { Semaphores } from "../contract/shared-state.ts";
import { boundedKey, buildClientKey } from "../rateLimit/client-key.ts";
import { makeLimitCounters } from "../rateLimit/limit-counters.ts";
import { tooMany } from "../rateLimit/refusal.ts";
import { tableName } from "../rateLimit/table-name.ts";

/** Clients of one rule that may have requests open at a time; a further one is refused until one of them has none. */
const maxClients = 65_536;

/** What a request holds until it is over. */
type Permit = { readonly permits: Semaphores; readonly key: string };

/** Limits the requests that are being answered at a time. Every rule that is about a request counts. */
export const buildConcurrency: BuildFilter<"concurrency"> = ({ rules, status }, services) => {
  const counters = makeLimitCounters("concurrency", services);
  const limits = rules.map(({ counter, requests, selectors }) => ({
    permits: services.shared.semaphores(tableName(counter, services), { permits: requests, maxKeys: maxClients }),
    isMeant: buildClientKey(selectors),
  }));
  const busy = tooMany(status, 1_000);
  return built(
    onRequest((request, exchange) => {
      const held: Permit[] = [];
      exchange.state = held;
      for (const { permits, isMeant } of limits) {
        const client = isMeant(request, exchange);
        if (client === undefined) continue;
        const key = boundedKey(client, services.signingKey);
        if (!permits.acquire(key)) {
          counters.limited.add(1);
          return busy;
        }
        held.push({ permits, key });
      }
      if (held.length > 0) counters.admitted.add(1);
      return undefined;
    }),
    onOutcome((_outcome, { state }) => {
      for (const { permits, key } of (state as readonly Permit[] | undefined) ?? []) permits.release(key);
    }),
  );
};
