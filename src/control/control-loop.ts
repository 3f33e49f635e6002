import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "../base/clock.ts";
import type { CompileResult } from "../compile/contract.ts";
import type { Finding } from "../finding/finding.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { Plane, PlaneReport } from "../ir/plane.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import type { CompiledStatus } from "../status/condition.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { Coalescer } from "./coalescer.ts";
import type { Configuration, ControlState } from "./control-state.ts";

/** What an event changed. `endpoints`: nothing but EndpointSlices. `report`: only what the plane says of what it was given. */
export type Change = "resources" | "endpoints" | "report";

export type ControlLoopOptions<Status extends CompiledStatus> = {
  /** The objects as they are now. */
  readonly snapshot: () => Snapshot;
  /** May take its time: requests are served meanwhile. Not called again before it has ended. */
  readonly compile: (snapshot: Snapshot) => CompileResult | Promise<CompileResult>;
  /** Only the endpoints that the model in force names; absent: endpoint changes recompile. */
  readonly compileEndpoints?: (snapshot: Snapshot, routing: RoutingModel) => EndpointTable;
  readonly plane: Plane;
  /** Joins what the compiler concluded with what the plane reports; keeps transition times of `previous`. */
  readonly mergeStatus: (
    compiled: CompiledStatus,
    report: PlaneReport,
    previous: Status | undefined,
    nowMs: number,
  ) => Status;
  /** Findings that the plane's report gives rise to. */
  readonly planeFindings: (report: PlaneReport, result: CompileResult, snapshot: Snapshot) => readonly Finding[];
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** After a change of endpoints alone, findings about endpoints are brought up to date this much later. Default 5,000 ms. */
  readonly refreshMs?: number;
};

/**
 * Turns changes of objects into a configuration in force: coalesce, compile, apply, report, join the status, tell the
 * listeners. Sockets have their turn between these. One turn runs at a time and each has a number, so that callers can wait for theirs.
 */
export class ControlLoop<Status extends CompiledStatus = CompiledStatus> {
  readonly #options: ControlLoopOptions<Status>;
  readonly #clock: Clock;
  readonly #coalescer: Coalescer;
  readonly #listeners = new Set<(state: ControlState<Status>) => void>();
  readonly #waiters = new Set<{ readonly turn: number; readonly done: PromiseWithResolvers<ControlState<Status>> }>();
  #state: ControlState<Status> = { phase: "starting", turn: 0 };
  #pending: Change | undefined;
  /** A turn is to follow the one that runs: after its rest, or at once because the user asked for it. */
  #due: "no" | "rested" | "now" = "no";
  #started = 0;
  #running: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #refresh: NodeJS.Timeout | undefined;
  /** When time alone changes the result. */
  #renewal: NodeJS.Timeout | undefined;
  readonly #unsubscribe: (() => void) | undefined;

  constructor(options: ControlLoopOptions<Status>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#coalescer = new Coalescer({ fire: () => this.#begin("rested"), clock: this.#clock });
    this.#unsubscribe = options.plane.subscribe?.(() => this.notify("report"));
  }

  get state(): ControlState<Status> {
    return this.#state;
  }

  /** Objects changed. Returns the number of the turn that will take the change in; 0 when the loop is closed. */
  notify(change: Change): number {
    if (this.#state.phase === "draining") return 0;
    this.#note(change);
    this.#coalescer.touch();
    return this.#started + 1;
  }

  /** Begins a turn without a rest: the first one, and when the user asks for a reload. Returns its number. */
  turnNow(): number {
    if (this.#state.phase === "draining") return 0;
    this.#note("resources");
    this.#coalescer.cancel();
    const turn = this.#started + 1;
    this.#begin("now");
    return turn;
  }

  /**
   * Resolves when turn `turn` has finished; without a number, when every change notified so far is in force.
   * Rejects when the loop is closed before that.
   */
  settled(turn = this.#pending === undefined ? this.#started : this.#started + 1): Promise<ControlState<Status>> {
    if (turn <= this.#state.turn) return Promise.resolve(this.#state);
    if (this.#state.phase === "draining") return Promise.reject(closedError());
    const done = Promise.withResolvers<ControlState<Status>>();
    this.#waiters.add({ turn, done });
    return done.promise;
  }

  /** Calls `listener` after every turn, and when draining begins. Returns what takes it off again. */
  subscribe(listener: (state: ControlState<Status>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes no more changes, lets a turn that runs finish, and drains the plane for at most `deadlineMs`. Once. */
  drain(deadlineMs: number): Promise<void> {
    this.#drained ??= this.#drain(deadlineMs);
    return this.#drained;
  }

  async #drain(deadlineMs: number): Promise<void> {
    this.#setState({ ...this.#state, phase: "draining" });
    this.#coalescer.cancel();
    this.#unsubscribe?.();
    clearTimeout(this.#refresh);
    clearTimeout(this.#renewal);
    this.#pending = undefined;
    await this.#running;
    for (const { done } of this.#waiters) done.reject(closedError());
    this.#waiters.clear();
    await this.#options.plane.drain(deadlineMs);
  }

  #note(change: Change): void {
    if (this.#pending === undefined || weights[change] > weights[this.#pending]) this.#pending = change;
  }

  #begin(when: "rested" | "now"): void {
    if (this.#running) {
      if (this.#due !== "now") this.#due = when;
      return;
    }
    this.#due = "no";
    const startMs = this.#clock.monotonicMs();
    this.#running = this.#turn().finally(() => {
      this.#running = undefined;
      if (this.#state.phase === "draining") return;
      this.#coalescer.rest(this.#clock.monotonicMs() - startMs, this.#due === "rested" ? "due" : "nothing");
      if (this.#due === "now") this.#begin("now");
    });
  }

  /** Never rejects: an error of ours costs the turn and leaves the last good configuration in force. */
  async #turn(): Promise<void> {
    const turn = ++this.#started;
    const change = this.#pending ?? "resources";
    this.#pending = undefined;
    const { failure: _, ...before } = this.#state;
    let after: ControlState<Status>;
    try {
      const configuration = await this.#configure(turn, change);
      const phase = before.phase === "starting" ? "serving" : before.phase;
      after = { ...before, phase, turn, configuration };
    } catch (error) {
      this.#count("failed");
      this.#options.log.error("The configuration could not be changed; the last good one stays in use.", {
        turn,
        error,
      });
      after = { ...before, turn, failure: { turn, message: error instanceof Error ? error.message : String(error) } };
    }
    // Draining may have begun while the plane was applying.
    this.#setState(this.#state.phase === "draining" ? { ...after, phase: "draining" } : after);
  }

  async #configure(turn: number, change: Change): Promise<Configuration<Status>> {
    const current = this.#state.configuration;
    const { compileEndpoints, plane } = this.#options;
    if (change === "report" && current && !this.#state.failure) return this.#confirm(current);
    const snapshot = this.#options.snapshot();
    if (change === "endpoints" && current && compileEndpoints && !this.#state.failure) {
      const endpoints = compileEndpoints(snapshot, current.result.routing);
      plane.updateEndpoints(endpoints);
      this.#count("endpoints");
      this.#refreshLater();
      const changed = { ...current, snapshot, result: { ...current.result, endpoints } };
      return plane.report === undefined || plane.report() === current.report ? changed : this.#confirm(changed);
    }
    return this.#program(turn, snapshot);
  }

  /** The plane has said more of the configuration in force: statuses and findings follow from that. */
  #confirm(current: Configuration<Status>): Configuration<Status> {
    const { plane, mergeStatus, planeFindings } = this.#options;
    const { result, snapshot } = current;
    const report = plane.report?.() ?? current.report;
    const status = mergeStatus(result.status, report, current.status, this.#clock.nowMs());
    this.#count("reported");
    return { ...current, report, status, findings: [...result.findings, ...planeFindings(report, result, snapshot)] };
  }

  async #program(turn: number, snapshot: Snapshot): Promise<Configuration<Status>> {
    const { compile, mergeStatus, plane, planeFindings, telemetry } = this.#options;
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    const startMs = this.#clock.monotonicMs();
    const result = await compile(snapshot);
    const compiledMs = this.#clock.monotonicMs();
    telemetry.histogram("gateway_config_compile_duration_seconds").observe((compiledMs - startMs) / 1000);
    const { routing, endpoints, secrets } = result;
    await setImmediate();
    const report = await plane.apply({ generation: turn, routing, endpoints, secrets });
    const applyMs = this.#clock.monotonicMs() - compiledMs;
    await setImmediate();
    telemetry.histogram("gateway_config_apply_duration_seconds").observe(applyMs / 1000);
    const previous = this.#state.configuration?.status;
    const nowMs = this.#clock.nowMs();
    const status = mergeStatus(result.status, report, previous, nowMs);
    const findings = [...result.findings, ...planeFindings(report, result, snapshot)];
    this.#renewAt(result.freshUntilMs);
    this.#count("programmed");
    telemetry.gauge("gateway_config_generation").set(turn);
    telemetry.gauge("gateway_config_last_success_timestamp_seconds").set(nowMs / 1000);
    return { generation: turn, snapshot, result, report, status, findings };
  }

  #count(result: "programmed" | "endpoints" | "reported" | "failed"): void {
    this.#options.telemetry.counter("gateway_config_reloads_total", result).add(1);
  }

  /** Findings come from a whole compilation, which a change of endpoints alone does without. */
  #refreshLater(): void {
    this.#refresh ??= setTimeout(() => {
      this.#refresh = undefined;
      this.notify("resources");
    }, this.#options.refreshMs ?? 5000);
    this.#refresh.unref();
  }

  /** Certificates begin and end without any event. */
  #renewAt(freshUntilMs: number): void {
    clearTimeout(this.#renewal);
    if (freshUntilMs === Number.POSITIVE_INFINITY || this.#state.phase === "draining") return;
    const waitMs = Math.min(Math.max(freshUntilMs - this.#clock.nowMs(), shortestRenewalMs), longestRenewalMs);
    this.#renewal = setTimeout(() => this.notify("resources"), waitMs);
    this.#renewal.unref();
  }

  #setState(state: ControlState<Status>): void {
    this.#state = state;
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch (error) {
        this.#options.log.error("A listener of the control loop failed.", { error });
      }
    }
    for (const waiter of this.#waiters) {
      if (waiter.turn > state.turn) continue;
      this.#waiters.delete(waiter);
      waiter.done.resolve(state);
    }
  }
}

/** Timers are cut to these: one that is too long would fire at once, and clocks are set. */
const shortestRenewalMs = 1000;
const longestRenewalMs = 86_400_000;

/** What the heavier change leads to covers the lighter one. */
const weights = { report: 0, endpoints: 1, resources: 2 } as const satisfies Record<Change, number>;

function closedError(): Error {
  return new Error("the control loop is closed");
}
