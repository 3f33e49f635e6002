import type { PolicyTraffic } from "../../ir/traffic/policy-traffic.ts";
import type { EndpointReport, UpstreamReport } from "../../ir/upstream-report.ts";
import type { ProxyLimits } from "../limits.ts";
import type { BalanceHint } from "./balance/balance-hint.ts";
import type { BalanceSubject } from "./balance/balance-subject.ts";
import { EndpointSelector, type SelectorOptions } from "./balance/endpoint-selector.ts";
import type { CircuitBreaker } from "./breaker/circuit-breaker.ts";
import type { WaitingLine } from "./breaker/waiting-line.ts";
import type { ConnectionRules } from "./connection-rules.ts";
import { EndpointStanding } from "./endpoint-standing.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { HealthWatch } from "./health/health-registry.ts";
import type { EndpointResult } from "./outlier/endpoint-result.ts";
import { OutlierDetector } from "./outlier/outlier-detector.ts";
import { TrafficHistory } from "./traffic-history.ts";
import type { TrafficMetrics } from "./traffic-metrics.ts";

export type TrafficOptions = SelectorOptions & {
  /** Names the backend with its policy. */
  readonly key: string;
  readonly limits: ProxyLimits;
  readonly metrics: TrafficMetrics;
  /** Has the endpoint checked; `undefined` where the policy wants no checks. */
  readonly watch: (endpoint: EndpointState, standing: EndpointStanding) => HealthWatch | undefined;
};

/** What a policy does with the endpoints of one backend: which get requests, how many, and which are left out. */
export class BackendTraffic {
  readonly model: PolicyTraffic;
  readonly #options: TrafficOptions;
  readonly #selector: EndpointSelector<EndpointState>;
  readonly #detector: OutlierDetector<EndpointStanding> | undefined;
  #history: TrafficHistory;
  #endpoints: readonly EndpointState[] = [];
  #serving: readonly EndpointState[] = [];
  /** Of the history, when it was last looked at; -1: never. */
  #version = -1;
  /** Fewer endpoints are fit than there must be: all of them get requests. */
  #panicking = false;

  constructor(model: PolicyTraffic, options: TrafficOptions) {
    const { metrics } = options;
    this.model = model;
    this.#options = options;
    this.#history = new TrafficHistory(model, options);
    this.#selector = new EndpointSelector(model.loadBalancing, options);
    this.#detector =
      model.outlierDetection &&
      new OutlierDetector(model.outlierDetection, {
        onEjected: (standing, reason) => {
          metrics.ejected(reason).add(1);
          standing.onChange();
        },
        onReturned: (standing) => standing.onChange(),
        onSpared: () => {},
      });
  }

  get breaker(): CircuitBreaker | undefined {
    return this.#history.breaker;
  }

  /** How connections to the endpoints are kept. */
  get rules(): ConnectionRules {
    return this.#history.rules;
  }

  /** Requests that wait for a connection. */
  get line(): WaitingLine<EndpointState> {
    return this.#history.line;
  }

  /** Those that get requests. */
  get serving(): readonly EndpointState[] {
    this.#judge();
    return this.#serving;
  }

  /** Goes on with the counts of the same backend in the model before. */
  resumeFrom(previous: BackendTraffic): void {
    this.#history = previous.#history;
  }

  setEndpoints(endpoints: readonly EndpointState[]): void {
    this.#endpoints = endpoints;
    this.#history.endpoints = endpoints;
    for (const endpoint of endpoints) {
      if (endpoint.standing !== undefined) continue;
      const standing = new EndpointStanding(endpoint, this.#history, this.#options.metrics);
      endpoint.standing = standing;
      standing.begin(this.#options.watch(endpoint, standing));
    }
    this.#detector?.setEndpoints(endpoints.map((endpoint) => endpoint.standing!));
    this.#selector.setEndpoints(endpoints);
    this.#version = -1;
  }

  /** What a request says of the endpoint that it is to go to; for {@link choose}. */
  hintOf(subject: BalanceSubject, keptAs: string | undefined): BalanceHint | undefined {
    return this.#selector.hintOf(subject, keptAs);
  }

  /** `undefined`: there is no endpoint, or none may be chosen. */
  choose(hint: BalanceHint | undefined, nowMs: number, avoid: EndpointState | undefined): EndpointState | undefined {
    this.#detector?.advance(nowMs);
    this.#judge();
    return this.#selector.choose(hint, nowMs, avoid);
  }

  /** A request to the endpoint ended like that. */
  onResult(endpoint: EndpointState, result: EndpointResult, nowMs: number): void {
    if (this.#detector !== undefined && endpoint.standing !== undefined) {
      this.#detector.onResult(endpoint.standing, result, nowMs);
    }
  }

  /** How the backend is doing. */
  report(nowMs: number): Omit<UpstreamReport, "cluster" | "namespace" | "name" | "port"> {
    this.#detector?.advance(nowMs);
    this.#judge();
    return {
      panicking: this.#panicking,
      openLimits: this.breaker?.open ?? [],
      waiting: this.line.length,
      endpoints: this.#endpoints.map(({ label, standing, activeRequests, connections }): EndpointReport => {
        const { outlier, healthReason, standing: name } = standing!;
        return {
          address: label,
          standing: name,
          reason: name === "ejected" ? (outlier.reason ?? "") : healthReason,
          returnsInMs: outlier.ejected ? Math.max(0, Math.round(outlier.ejectedUntilMs - nowMs)) : 0,
          requests: activeRequests,
          connections,
        };
      }),
    };
  }

  /** Brings up to date which endpoints serve. */
  #judge(): void {
    if (this.#version === this.#history.version) return;
    const endpoints = this.#endpoints;
    this.#version = this.#history.version;
    const fit = endpoints.filter(({ standing }) => standing!.standing === "fit");
    // Who was not checked yet is better than nobody.
    const able = fit.length > 0 ? fit : endpoints.filter(({ standing }) => standing!.standing === "unchecked");
    this.#panicking = able.length * 100 < endpoints.length * this.model.panicPercent;
    this.#serving = this.#panicking ? endpoints : able;
    this.#selector.setServing(this.#serving);
  }
}
