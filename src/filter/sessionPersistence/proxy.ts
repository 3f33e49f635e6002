import type { Cluster } from "../../ir/cluster.ts";
import { writeCookie } from "../../ir/issued-cookie.ts";
import { withBackend, withoutBackend } from "../../ir/kept-backend.ts";
import type { SessionPersistence } from "../../ir/traffic-settings.ts";
import { cookieValues } from "../../wire/cookie.ts";
import { type BuiltFilter, built, type FilterServices } from "../contract/build.ts";
import type { Endpoint } from "../contract/endpoint.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import { onRequest, onResponse } from "../contract/hook.ts";
import type { RequestView, ResponseHead } from "../contract/message.ts";
import { maxPins, type Pin, type SessionTokens, sessionTokensOf } from "./session-token.ts";

/** Clocks of gateways that share a key may differ by this much. Seconds. */
const clockSkewSeconds = 300;

/**
 * Keeps the clients of one backend at their endpoint. No filter of a list: a rule puts it behind those of each of its backends.
 * Spec: SessionPersistence (GEP-1619).
 */
export function buildSessionPersistence(
  model: SessionPersistence,
  { cluster, keptAs }: SessionBackend,
  { signingKey, clock }: Pick<FilterServices, "signingKey" | "clock">,
): BuiltFilter {
  const sessions = new Sessions(model, { cluster, keptAs }, sessionTokensOf(signingKey));
  return built(
    onRequest((request, exchange) => {
      exchange.state = sessions.pinsOf(request, clock.nowMs());
      return undefined;
    }),
    {
      phase: "endpoint",
      prefer: (endpoints, exchange) => sessions.find(pinsIn(exchange), endpoints, clock.monotonicMs()),
      insists: model.afterFailure === "same",
    },
    onResponse((response, exchange) => {
      const { endpoint } = response;
      if (endpoint === undefined) return undefined;
      const { scheme } = exchange.facts;
      sessions.remember(response, endpoint, { pins: pinsIn(exchange), nowMs: clock.nowMs(), scheme });
      return undefined;
    }),
  );
}

export type SessionBackend = {
  readonly cluster: Cluster;
  /** What the cookie names the backend by; `undefined`: it does not. */
  readonly keptAs: string | undefined;
};

const noPins: readonly Pin[] = [];

function pinsIn({ state }: FilterExchange): readonly Pin[] {
  return (state as readonly Pin[] | undefined) ?? noPins;
}

const endpointIds = new WeakMap<SessionTokens, WeakMap<Endpoint, string>>();

/** The id of an endpoint, computed once. */
function idOf(tokens: SessionTokens, endpoint: Endpoint): string {
  let ids = endpointIds.get(tokens);
  if (ids === undefined) {
    ids = new WeakMap();
    endpointIds.set(tokens, ids);
  }
  let id = ids.get(endpoint);
  if (id === undefined) {
    id = tokens.idOf("endpoint", endpoint.label);
    ids.set(endpoint, id);
  }
  return id;
}

/** How the clients of one backend keep their endpoint. The rule's settings win over the backend's. */
class Sessions {
  readonly model: SessionPersistence;
  readonly tokens: SessionTokens;
  /** Of the backend, in tokens. */
  readonly backend: string;
  readonly #keptAs: string | undefined;

  constructor(model: SessionPersistence, { cluster, keptAs }: SessionBackend, tokens: SessionTokens) {
    this.model = model;
    this.#keptAs = keptAs;
    this.tokens = tokens;
    this.backend = tokens.idOf("backend", cluster.endpoints);
  }

  /** The sessions that a request brings, those that are forged, broken or over left out. A second cookie of the name is read too. */
  pinsOf(request: RequestView, nowMs: number): readonly Pin[] {
    const { kind, name } = this.model;
    const values =
      kind === "header" ? [request.header(name)?.trim() ?? ""] : cookieValues(request.header("cookie") ?? "", name);
    for (const value of values) {
      const token = this.#keptAs === undefined ? value : withoutBackend(value);
      const pins = token === "" ? undefined : this.tokens.read(name, token);
      if (pins !== undefined) return pins.filter((pin) => this.#isInForce(pin, nowMs));
    }
    return [];
  }

  /** The endpoint that the client had at this backend; `undefined` when it had none, or it is gone or lately failed. */
  find(pins: readonly Pin[], endpoints: readonly Endpoint[], nowMs: number): Endpoint | undefined {
    const pin = pins.find(({ backend }) => backend === this.backend);
    if (pin === undefined) return undefined;
    return endpoints.find((endpoint) => idOf(this.tokens, endpoint) === pin.endpoint && endpoint.usable(nowMs));
  }

  /**
   * Tells the client of its endpoint when it did not know. Sessions at the other backends of the rule are kept.
   * Spec: GEP-1619, "Cookie attributes", "Traffic splitting".
   */
  remember(response: ResponseHead, endpoint: Endpoint, about: RememberOptions): void {
    const { pins, nowMs, scheme } = about;
    const id = idOf(this.tokens, endpoint);
    const known = pins.some((pin) => pin.backend === this.backend && pin.endpoint === id);
    if (known) return;
    const pin = { backend: this.backend, endpoint: id, startSeconds: Math.floor(nowMs / 1000) };
    const others = pins.filter(({ backend }) => backend !== this.backend);
    const { name, issued } = this.model;
    const token = this.tokens.write(name, [pin, ...others].slice(0, maxPins));
    if (issued === undefined) response.setHeader(name, token);
    else {
      const pair = `${name}=${withBackend(token, this.#keptAs)}`;
      response.addHeader("set-cookie", writeCookie(pair, issued, { scheme, nowMs }));
    }
  }

  #isInForce({ startSeconds }: Pin, nowMs: number): boolean {
    const ageMs = nowMs - startSeconds * 1000;
    if (ageMs < -clockSkewSeconds * 1000) return false;
    const { absoluteTimeoutMs } = this.model;
    return absoluteTimeoutMs === 0 || ageMs < absoluteTimeoutMs;
  }
}

type RememberOptions = {
  /** What the request brought. */
  readonly pins: readonly Pin[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Of the client's connection. */
  readonly scheme: "http" | "https";
};
