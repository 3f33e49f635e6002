import type { JwtProvider } from "../../ir/jwt.ts";
import { findToken } from "../../ir/jwt-token.ts";
import type { BuildFilter, FilterOfKind, FilterServices } from "../contract/build.ts";
import { type FilterExchange, type Verdict, type Waiting, waiting } from "../contract/exchange.ts";
import type { RequestHook } from "../contract/hook.ts";
import type { RequestHead } from "../contract/message.ts";
import { type JwtFault, refuse, worseFault } from "./jwt-fault.ts";
import type { KeySet } from "./key-set.ts";
import { LocalKeys } from "./local-keys.ts";
import { ProviderRuntime } from "./provider-runtime.ts";
import { remoteKeys } from "./remote-keys.ts";
import type { VerifiedToken } from "./token-cache.ts";

/** Most requests of one filter that wait for a verification; further ones get 503. */
const maxWaiting = 1_024;

/**
 * Takes requests with a valid token of one of the providers. A token that was verified before costs a look-up; the first time
 * the request waits. Claims are told to the backend by headers that no client can set. Spec: JWT of Envoy Gateway; RFC 6750.
 */
export const buildJwt: BuildFilter<"jwt"> = (filter, services) => {
  const names = new Set(filter.providers.flatMap(({ claimToHeaders }) => claimToHeaders.map(({ header }) => header)));
  return { hooks: [new JwtHook(filter, services, names)], claimedTrailers: [...names], carried: undefined };
};

class JwtHook implements RequestHook {
  readonly phase = "request";
  readonly #filter: FilterOfKind<"jwt">;
  readonly #services: FilterServices;
  readonly #claimed: ReadonlySet<string>;
  readonly #providers: readonly ProviderRuntime[];
  readonly #results: Readonly<Record<"allowed" | "missing" | "invalid" | "unavailable", { add(count: number): void }>>;
  #waiting = 0;

  constructor(filter: FilterOfKind<"jwt">, services: FilterServices, claimed: ReadonlySet<string>) {
    this.#filter = filter;
    this.#services = services;
    this.#claimed = claimed;
    this.#providers = filter.providers.map((provider) => new ProviderRuntime(provider, keysOf(provider, services)));
    const { from, telemetry } = services;
    const counter = (result: string) =>
      telemetry.counter("gateway_jwt_requests_total", from.kind, from.namespace, from.name, result);
    this.#results = {
      allowed: counter("allowed"),
      missing: counter("missing"),
      invalid: counter("invalid"),
      unavailable: counter("unavailable"),
    };
  }

  readonly onRequest = (request: RequestHead, exchange: FilterExchange): Verdict | Waiting => {
    this.#removeClaimed(request);
    const nowMs = this.#services.clock.nowMs();
    let candidates: Candidate[] | undefined;
    let fault: JwtFault = "missing";
    for (const runtime of this.#providers) {
      const token = findToken(runtime.provider, request);
      if (token === undefined) continue;
      fault = "malformed";
      if (token === "malformed") continue;
      const known = runtime.known(token, nowMs);
      if (known !== undefined) return this.#admit(runtime.provider, known, { request, exchange });
      candidates ??= [];
      candidates.push({ runtime, token });
    }
    if (candidates === undefined) return this.#answer(fault, request);
    if (this.#waiting >= maxWaiting) return this.#answer("unavailable", request);
    this.#waiting++;
    const turn: Turn = { request, exchange, isOver: false };
    exchange.state = turn;
    void this.#verify(candidates, turn, nowMs);
    return waiting;
  };

  readonly cancel = ({ state }: FilterExchange): void => {
    (state as Turn).isOver = true;
  };

  async #verify(candidates: readonly Candidate[], turn: Turn, nowMs: number): Promise<void> {
    const answer = await judge(candidates, nowMs);
    this.#waiting--;
    if (turn.isOver) return;
    const { request, exchange } = turn;
    exchange.resume(
      typeof answer === "string" ? this.#answer(answer, request) : this.#admit(answer.provider, answer.token, turn),
    );
  }

  #admit(
    provider: JwtProvider,
    token: VerifiedToken,
    { request, exchange }: Pick<Turn, "request" | "exchange">,
  ): undefined {
    this.#results.allowed.add(1);
    for (const [name, value] of token.headers) request.setHeader(name, value);
    const { established } = exchange;
    established.principal = token.principal;
    established.claims = token.claims;
    established.tokenProvider = provider.name;
    return undefined;
  }

  /** What a request gets without a valid token. */
  #answer(fault: JwtFault, request: RequestHead): Verdict {
    const { optional, failOpen } = this.#filter;
    this.#results[fault === "missing" || fault === "unavailable" ? fault : "invalid"].add(1);
    if (failOpen || (optional && fault === "missing")) return undefined;
    return refuse(fault, request);
  }

  /** What clients say under the names of claims goes, also where many backends read X_User as X-User. */
  #removeClaimed(request: RequestHead): void {
    if (this.#claimed.size === 0) return;
    for (const name of this.#claimed) request.removeHeader(name);
    for (const name of request.headerNames()) {
      if (name.includes("_") && this.#claimed.has(name.replaceAll("_", "-"))) request.removeHeader(name);
    }
  }
}

type Candidate = { readonly runtime: ProviderRuntime; readonly token: string };

/** The first of them that is valid, or what is wrong with all. Never rejects: who cannot be judged is not let in. */
async function judge(
  candidates: readonly Candidate[],
  nowMs: number,
): Promise<{ readonly provider: JwtProvider; readonly token: VerifiedToken } | JwtFault> {
  let fault: JwtFault | undefined;
  for (const { runtime, token } of candidates) {
    try {
      const answer = await runtime.verify(token, nowMs);
      if (typeof answer !== "string") return { provider: runtime.provider, token: answer };
      fault = worseFault(fault, answer);
    } catch {
      fault = "unavailable";
    }
  }
  return fault ?? "malformed";
}

/** A request that waits for its verification. */
type Turn = { readonly request: RequestHead; readonly exchange: FilterExchange; isOver: boolean };

function keysOf({ name, keys }: JwtProvider, services: FilterServices): KeySet {
  if (keys.kind === "local") return new LocalKeys(keys.keys);
  const { from, telemetry, requests, clock } = services;
  const counter = (result: string) =>
    telemetry.counter("gateway_jwks_fetches_total", from.kind, from.namespace, from.name, name, result);
  const counters = { ok: counter("ok"), failed: counter("failed") };
  const clusters = keys.clusters.flatMap((key) => services.cluster(key) ?? []);
  return remoteKeys(keys, { requests, clock, clusters, onFetch: (result) => counters[result].add(1) });
}
