import type { LoadBalancing } from "../../../ir/traffic/load-balancing.ts";
import { Balancer, type Candidate } from "../balance.ts";
import { type BalanceHint, issueAgain, type Move, readHint } from "./balance-hint.ts";
import type { BalanceSubject } from "./balance-subject.ts";
import { MaglevTable } from "./maglev-table.ts";
import { type ZoneShare, zoneShares } from "./zone-shares.ts";

/** An endpoint as a selector sees it. */
export interface Selectable extends Candidate {
  readonly label: string;
  /** `""`: not known. */
  readonly zone: string;
}

export type SelectorOptions = {
  /** Of the gateway; `""`: not known. */
  readonly ownZone: string;
  /** In [0, 1). */
  readonly random: () => number;
};

/** Cookies that are drawn for one that leads elsewhere: of two endpoints, all of them lead to the one that failed once in a million. */
const maxDraws = 20;

type Part<Endpoint extends Selectable> = ZoneShare<Endpoint> & { readonly balancer: Balancer<Endpoint> };

/** Chooses an endpoint of a backend as its policy says. Spec: BackendTrafficPolicy.loadBalancer. */
export class EndpointSelector<Endpoint extends Selectable> {
  readonly #model: LoadBalancing;
  readonly #options: SelectorOptions;
  #serving: readonly Endpoint[] = [];
  #parts: readonly Part<Endpoint>[] = [];
  /** Where the choice is by hash: all endpoints, and which of them serve. */
  #table: MaglevTable<Endpoint> | undefined;
  #servingSet: ReadonlySet<Endpoint> = new Set();
  // Of the choice under way.
  #nowMs = 0;
  #avoid: Endpoint | undefined;

  constructor(model: LoadBalancing, options: SelectorOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** The endpoints of the backend, whether they serve or not; {@link setServing} follows. */
  setEndpoints(endpoints: readonly Endpoint[]): void {
    const { turns } = this.#model;
    if (turns.kind !== "consistentHash") return;
    this.#table = new MaglevTable(endpoints, ({ label }) => label, turns.tableSize);
  }

  /** Those of them that may be chosen. */
  setServing(serving: readonly Endpoint[]): void {
    const { turns, slowStartMs, zones } = this.#model;
    const { ownZone, random } = this.#options;
    this.#serving = serving;
    this.#servingSet = new Set(serving);
    const kind = turns.kind === "consistentHash" ? "random" : turns.kind;
    const before = this.#parts;
    this.#parts = zoneShares(serving, zones, ownZone).map((part, index) => {
      const balancer = new Balancer<Endpoint>({ turns: kind, slowStartMs, random });
      const known = before[index];
      if (known !== undefined) balancer.resumeFrom(known.balancer);
      return { ...part, balancer };
    });
  }

  /** What a request says of the endpoint that it is to go to; for {@link choose}. */
  hintOf(subject: BalanceSubject, keptAs: string | undefined): BalanceHint | undefined {
    return readHint(this.#model, subject, keptAs);
  }

  /** `avoid` is chosen only when there is no other. `undefined`: nobody serves. */
  choose(hint: BalanceHint | undefined, nowMs: number, avoid: Endpoint | undefined): Endpoint | undefined {
    if (hint !== undefined) {
      const found =
        ((avoid !== undefined && hint.move !== undefined && this.#move(hint, hint.move, nowMs, avoid)) ||
          this.#findNamed(hint.named, avoid)) ??
        this.#findHashed(hint.hash, nowMs, avoid);
      if (found !== undefined) return found;
    }
    const part = this.#choosePart();
    return part?.balancer.choose(part.endpoints, nowMs, avoid);
  }

  #findNamed(labels: readonly string[], avoid: Endpoint | undefined): Endpoint | undefined {
    for (const label of labels) {
      const named = this.#serving.find((endpoint) => endpoint.label === label && endpoint !== avoid);
      if (named !== undefined) return named;
    }
    return undefined;
  }

  #findHashed(hash: number | undefined, nowMs: number, avoid: Endpoint | undefined): Endpoint | undefined {
    if (hash === undefined) return undefined;
    const { turns } = this.#model;
    this.#nowMs = nowMs;
    this.#avoid = turns.kind === "consistentHash" && turns.afterFailure === "same" ? undefined : avoid;
    return this.#table?.find(hash, this.#fits);
  }

  /** Gives the client a cookie that leads to an endpoint that has not failed it. `undefined`: there is none, or chance found none. */
  #move(hint: BalanceHint, move: Move, nowMs: number, avoid: Endpoint): Endpoint | undefined {
    move.failed.add(avoid);
    for (let draw = 0; draw < maxDraws; draw++) {
      const { hash, setCookie } = issueAgain(move);
      const found = this.#table?.find(hash!, this.#isServing);
      if (found === undefined) return undefined;
      if (move.failed.has(found) || !found.usable(nowMs)) continue;
      hint.hash = hash;
      hint.setCookie = setCookie;
      return found;
    }
    return undefined;
  }

  readonly #isServing = (endpoint: Endpoint): boolean => this.#servingSet.has(endpoint);

  readonly #fits = (endpoint: Endpoint): boolean =>
    endpoint !== this.#avoid && this.#servingSet.has(endpoint) && endpoint.usable(this.#nowMs);

  #choosePart(): Part<Endpoint> | undefined {
    const parts = this.#parts;
    if (parts.length < 2) return parts[0];
    let left = this.#options.random();
    for (const part of parts) {
      left -= part.share;
      if (left < 0) return part;
    }
    return parts[parts.length - 1];
  }
}
