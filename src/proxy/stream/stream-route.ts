import { buildStreamAdmission } from "../../filter/authorization/stream-admission.ts";
import type { GatewayModel, StreamListener, StreamRule, TlsListener } from "../../ir/routing-model.ts";
import type { BoundListener } from "../../ir/select.ts";
import type { HttpSeriesLabels } from "../../telemetry/telemetry.ts";
import type { ClusterRuntime } from "../cluster-runtime.ts";
import { listenerLabels } from "../listener-labels.ts";
import { WeightedChoice } from "../upstream/weighted-choice.ts";

/** One backendRef of a stream rule. */
export type StreamBackend = {
  readonly name: string;
  /** `undefined`: the reference is not valid and its share of connections is reset. */
  readonly cluster: ClusterRuntime | undefined;
};

/** A rule, shared by the listeners that it is attached to. */
export type StreamRuleRuntime = {
  readonly rule: StreamRule;
  readonly backends: readonly StreamBackend[];
  readonly choice: WeightedChoice;
  /** Whether a client of that address may have a stream. */
  readonly admits: (address: string) => boolean;
};

const admitsAll = (): boolean => true;

/** The stream rules of one model. Weights go on where those of the model before were. */
export class StreamRules {
  readonly #clusters: ReadonlyMap<string, ClusterRuntime>;
  readonly #previous: ReadonlyMap<string, StreamRuleRuntime> | undefined;
  readonly #rules = new Map<string, StreamRuleRuntime>();

  constructor(clusters: ReadonlyMap<string, ClusterRuntime>, previous?: StreamRules) {
    this.#clusters = clusters;
    // Its rules alone, not what came before it, or every model would be kept for ever.
    this.#previous = previous === undefined ? undefined : previous.#rules;
  }

  /** The runtime of a rule; made when first asked for. */
  get(gateway: GatewayModel, rule: StreamRule): StreamRuleRuntime {
    const key = `${gateway.key}|${rule.key}`;
    const known = this.#rules.get(key);
    if (known !== undefined) return known;
    const choice = new WeightedChoice(rule.backends.map(({ weight }) => weight));
    const before = this.#previous?.get(key);
    if (before !== undefined) choice.resumeFrom(before.choice);
    const backends = rule.backends.map(({ target }): StreamBackend => {
      const cluster = target.kind === "cluster" ? this.#clusters.get(target.cluster) : undefined;
      return { name: cluster?.cluster.name ?? "", cluster };
    });
    const admits = rule.admission === undefined ? admitsAll : buildStreamAdmission(rule.admission);
    const runtime = { rule, backends, choice, admits };
    this.#rules.set(key, runtime);
    return runtime;
  }
}

/** A stream rule on one listener: what a connection or a UDP session is served with. */
export class StreamRoute<S> {
  readonly rule: StreamRuleRuntime;
  readonly bound: BoundListener<TlsListener | StreamListener>;
  readonly #makeSeries: (labels: HttpSeriesLabels) => S;
  readonly #series: (S | undefined)[] = [];

  constructor(
    rule: StreamRuleRuntime,
    bound: BoundListener<TlsListener | StreamListener>,
    makeSeries: (labels: HttpSeriesLabels) => S,
  ) {
    this.rule = rule;
    this.bound = bound;
    this.#makeSeries = makeSeries;
  }

  /** Bytes go on as the client encrypted them. */
  get passesTls(): boolean {
    const { listener } = this.bound;
    return listener.protocol === "TLS" && listener.tls.mode === "passthrough";
  }

  /** Metrics of a backend by index; -1: no backend was chosen. Made when first asked for. */
  series(backendIndex: number): S {
    let series = this.#series[backendIndex + 1];
    if (series === undefined) {
      const { rule, backends } = this.rule;
      series = this.#makeSeries({
        ...listenerLabels(this.bound),
        route_kind: rule.routeKind,
        route_namespace: rule.namespace,
        route_name: rule.name,
        rule: rule.ruleName === "" ? String(rule.ruleIndex) : rule.ruleName,
        backend_name: backends[backendIndex]?.name ?? "",
      });
      this.#series[backendIndex + 1] = series;
    }
    return series;
  }
}
