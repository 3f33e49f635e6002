import { applyDelta, deltaOf } from "./delta.ts";
import { digestOf } from "./digest.ts";
import { type PlaneState, renderLine } from "./protocol.ts";

/** A state of a data plane as it is sent, with the messages that lead to it: proxies that are alike share one text. */
export class PublishedState {
  readonly state: PlaneState;
  readonly hash: string;
  /** As it was given, for the comparison with the next one. */
  readonly #given: PlaneState;
  readonly #deltas = new Map<string, string>();
  /** Large and rarely wanted, so it may go when memory is short. */
  #whole: WeakRef<{ readonly line: string }> | undefined;

  private constructor(given: PlaneState, state: PlaneState) {
    this.#given = given;
    this.state = state;
    this.hash = digestOf(state);
  }

  static first(given: PlaneState): PublishedState {
    return new PublishedState(given, given);
  }

  /** The state after this one, sharing with it all that did not change; this one itself when nothing did. */
  next(given: PlaneState): PublishedState {
    const delta = deltaOf(this.#given, given);
    return delta === undefined ? this : new PublishedState(given, applyDelta(this.state, delta) as PlaneState);
  }

  /** The message that brings a proxy here which holds `from`, or anything when that is unknown. */
  lineFrom(from: PublishedState | undefined): string {
    if (from === undefined) return this.#wholeLine();
    const known = this.#deltas.get(from.hash);
    if (known !== undefined) return known;
    const delta = deltaOf(from.state, this.state);
    const { hash } = this;
    const line = renderLine(delta === undefined ? { kind: "current", hash } : { kind: "delta", hash, delta });
    this.#deltas.set(from.hash, line);
    return line;
  }

  #wholeLine(): string {
    const known = this.#whole?.deref();
    if (known !== undefined) return known.line;
    const made = { line: renderLine({ kind: "state", hash: this.hash, state: this.state }) };
    this.#whole = new WeakRef(made);
    return made.line;
  }
}
