/** Time as the program is given it, so that tests can hold the hands. */
export interface Clock {
  /** Milliseconds since the epoch; may jump when the system's time is set. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations. */
  monotonicMs(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
