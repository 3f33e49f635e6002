import type { ConfirmedListener, ListenerReport, Plane, PlaneReport, PlaneUpdate } from "../ir/plane.ts";
import type { ListenerKey } from "../ir/routing-model.ts";
import { SecretTable } from "../ir/secret-table.ts";
import type { Logger } from "../telemetry/log.ts";
import { reasonOf } from "./controller-connection.ts";
import type { PlaneState } from "./protocol.ts";
import type { HeldState, StreamReport } from "./stream-client.ts";

export type Applied = {
  /** Counts what was applied, from 1. */
  readonly turn: number;
  readonly held: HeldState;
  readonly update: PlaneUpdate;
  readonly report: PlaneReport;
  /** What to tell the controller. */
  readonly streamReport: StreamReport;
  /** Set when the plane could not take the state in at all: the one before it stays in force. */
  readonly failure?: string;
};

export type StateApplierOptions = {
  readonly plane: Plane;
  /** Called before a state is applied in which more than endpoints changed. */
  readonly beforeApply: (state: PlaneState) => void;
  /** Called with every state that was applied. */
  readonly onApplied: (applied: Applied) => void;
  readonly log: Logger;
  /** After how long listeners that the system refused (a port that is taken) are tried again. Default 5,000 ms. */
  readonly retryMs?: number;
};

/** Puts states into force, one at a time; of those that come meanwhile only the newest. A change of endpoints alone is swapped in at once. */
export class StateApplier {
  readonly #options: StateApplierOptions;
  #next: HeldState | undefined;
  #applied: Applied | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: StateApplierOptions) {
    this.#options = options;
  }

  /** Takes a state that is to be in force. */
  offer(held: HeldState): void {
    if (this.#isClosed) return;
    this.#next = held;
    this.#running ??= this.#run();
  }

  /** Takes no more states, nor tries listeners again; resolves when the state that is being applied is in force. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#next = undefined;
    clearTimeout(this.#retry);
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let held = this.#take(); held !== undefined; held = this.#take()) {
      try {
        this.#applied = await this.#apply(held);
        this.#options.onApplied(this.#applied);
      } catch (error) {
        this.#options.log.error("A configuration could not be applied because of a bug in Sluice.", { error });
      }
    }
    this.#running = undefined;
  }

  #take(): HeldState | undefined {
    const held = this.#next;
    this.#next = undefined;
    return held;
  }

  async #apply(held: HeldState): Promise<Applied> {
    const { plane, beforeApply, log } = this.#options;
    const { state } = held;
    const before = this.#applied;
    const turn = (before?.turn ?? 0) + 1;
    if (before && before.failure === undefined && held !== before.held && onlyEndpoints(before.held.state, state)) {
      plane.updateEndpoints(state.endpoints);
      const update = { ...before.update, endpoints: state.endpoints };
      return { ...before, held, turn, update, streamReport: { ...before.streamReport, hash: held.hash } };
    }
    beforeApply(state);
    const update: PlaneUpdate = {
      generation: turn,
      routing: state.routing,
      endpoints: state.endpoints,
      secrets: SecretTable.importUnredacted(state.secrets),
    };
    try {
      const report = await plane.apply(update);
      this.#retryLater(held, report);
      return { held, turn, update, report, streamReport: renderReport(held, report) };
    } catch (error) {
      log.error("A configuration could not be applied; the previous one stays in use.", { error });
      const failure = reasonOf(error);
      const report = failedReport(update, failure);
      return { held, turn, update, report, streamReport: renderReport(held, report), failure };
    }
  }

  #retryLater(held: HeldState, { listeners }: PlaneReport): void {
    clearTimeout(this.#retry);
    if (!Object.values(listeners).some((row) => row.state === "failed" && row.code !== undefined)) return;
    this.#retry = setTimeout(
      () => this.#next ?? this.offer(this.#applied?.held ?? held),
      this.#options.retryMs ?? 5_000,
    );
    this.#retry.unref();
  }
}

/** What did not change is the very same part: see `applyDelta`. */
function onlyEndpoints(before: PlaneState, after: PlaneState): boolean {
  return (
    before.routing === after.routing &&
    before.secrets === after.secrets &&
    before.settings === after.settings &&
    before.keys === after.keys
  );
}

function failedReport({ generation, routing }: PlaneUpdate, reason: string): PlaneReport {
  const row: ListenerReport = { state: "failed", message: `The configuration cannot be applied: ${reason}` };
  const keys = routing.gateways.flatMap(({ listeners }) => listeners.map(({ key }) => key));
  return { generation, listeners: Object.fromEntries(keys.map((key) => [key, row])), addresses: {} };
}

function renderReport({ hash, state }: HeldState, report: PlaneReport): StreamReport {
  const listeners: Record<ListenerKey, ConfirmedListener> = {};
  for (const gateway of state.routing.gateways) {
    for (const listener of gateway.listeners) {
      const row = report.listeners[listener.key];
      if (row !== undefined) listeners[listener.key] = { ...bounded(row), hash: listener.hash };
    }
  }
  return { hash, listeners };
}

/** Messages may quote what users wrote. */
function bounded(row: ListenerReport): ListenerReport {
  return row.state === "programmed" ? row : { ...row, message: row.message.slice(0, 1024) };
}
