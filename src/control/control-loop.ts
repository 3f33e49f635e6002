import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "../base/clock.ts";
import { sameElements } from "../base/same-elements.ts";
import type { CompileResult } from "../compile/contract.ts";
import type { Finding } from "../finding/finding.ts";
import type { Plane, PlaneReport } from "../ir/plane.ts";
import type { CompiledStatus } from "../status/condition.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { Coalescer } from "./coalescer.ts";
import type { Configuration, ControlState } from "./control-state.ts";

/**
 * What an event changed. `endpoints`: nothing but EndpointSlices, so that the plane is told of nothing else where nothing else
 * follows. `report`: only what the plane says of what it was given.
 */
export type Change = "resources" | "endpoints" | "report";

export type ControlLoopOptions<Status extends CompiledStatus> = {
  /** The objects as they are now. */
  readonly snapshot: () => Snapshot;
  /**
   * May take its time: requests are served meanwhile. Not called again before it has ended. Parts of the result that are as they
   * were are the very same objects again.
   */
  readonly compile: (snapshot: Snapshot) => CompileResult | Promise<CompileResult>;
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
    const isCurrent = current !== undefined && this.#state.failure === undefined;
    if (change === "report" && isCurrent) return this.#confirm(current);
    const snapshot = this.#options.snapshot();
    const result = await this.#compile(snapshot);
    if (change === "endpoints" && isCurrent && onlyEndpoints(current.result, result)) {
      return this.#balance({ ...current, snapshot, result }, current);
    }
    return this.#program(turn, snapshot, result);
  }

  async #compile(snapshot: Snapshot): Promise<CompileResult> {
    const startMs = this.#clock.monotonicMs();
    const result = await this.#options.compile(snapshot);
    const seconds = (this.#clock.monotonicMs() - startMs) / 1000;
    this.#options.telemetry.histogram("gateway_config_compile_duration_seconds").observe(seconds);
    this.#renewAt(result.freshUntilMs);
    return result;
  }

  /** The plane has said more of the configuration in force: statuses and findings follow from that. */
  #confirm(current: Configuration<Status>): Configuration<Status> {
    this.#count("reported");
    return this.#join(current);
  }

  /** What was compiled with what the plane says now. */
  #join(current: Configuration<Status>): Configuration<Status> {
    const { plane, mergeStatus, planeFindings } = this.#options;
    const { result, snapshot } = current;
    const report = plane.report?.() ?? current.report;
    const status = mergeStatus(result.status, report, current.status, this.#clock.nowMs());
    return { ...current, report, status, findings: [...result.findings, ...planeFindings(report, result, snapshot)] };
  }

  /** Other endpoints serve the configuration in force: a generation is not counted for them. */
  #balance(changed: Configuration<Status>, { result, report: before }: Configuration<Status>): Configuration<Status> {
    const { plane } = this.#options;
    const { endpoints, status, findings } = changed.result;
    if (endpoints !== result.endpoints) plane.updateEndpoints(endpoints);
    this.#count("endpoints");
    const isSame = status === result.status && sameElements(findings, result.findings);
    return isSame && (plane.report?.() ?? before) === before ? changed : this.#join(changed);
  }

  async #program(turn: number, snapshot: Snapshot, result: CompileResult): Promise<Configuration<Status>> {
    const { mergeStatus, plane, planeFindings, telemetry } = this.#options;
    const compiledMs = this.#clock.monotonicMs();
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
    this.#count("programmed");
    telemetry.gauge("gateway_config_generation").set(turn);
    telemetry.gauge("gateway_config_last_success_timestamp_seconds").set(nowMs / 1000);
    return { generation: turn, snapshot, result, report, status, findings };
  }

  #count(result: "programmed" | "endpoints" | "reported" | "failed"): void {
    this.#options.telemetry.counter("gateway_config_reloads_total", result).add(1);
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

/** Whether a plane that serves one need be told of nothing but endpoints to serve the other. */
function onlyEndpoints(before: CompileResult, after: CompileResult): boolean {
  return before.routing === after.routing && before.secrets === after.secrets;
}

/** What the heavier change leads to covers the lighter one. */
const weights = { report: 0, endpoints: 1, resources: 2 } as const satisfies Record<Change, number>;

function closedError(): Error {
  return new Error("the control loop is closed");
}
