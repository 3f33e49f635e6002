import { type Delta, deltaOf } from "./delta.ts";
import { digestOf } from "./digest.ts";
import { type PlaneState, renderLine } from "./protocol.ts";

/** A state of a data plane as it is sent, with the messages that lead to it: proxies that are alike share one text. */
export class PublishedState {
  readonly state: PlaneState;
  readonly hash: string;
  /** Lines by the digest of the state that they begin at. */
  readonly #deltas = new Map<string, string>();
  /** Large and rarely wanted, so it may go when memory is short. */
  #whole: WeakRef<{ readonly line: string }> | undefined;

  private constructor(state: PlaneState) {
    this.state = state;
    this.hash = digestOf(state);
  }

  static first(state: PlaneState): PublishedState {
    return new PublishedState(state);
  }

  /** The state after this one; this one itself when nothing changed. */
  next(state: PlaneState): PublishedState {
    const delta = deltaOf(this.state, state);
    if (delta === undefined) return this;
    const next = new PublishedState(state);
    next.#remember(this, delta);
    return next;
  }

  /** The message that brings a proxy here which holds `from`, or anything when that is unknown. */
  lineFrom(from: PublishedState | undefined): string {
    if (from === undefined) return this.#wholeLine();
    return this.#deltas.get(from.hash) ?? this.#remember(from, deltaOf(from.state, this.state));
  }

  #remember(from: PublishedState, delta: Delta | undefined): string {
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
