import type { ProbeResult } from "./health-record.ts";

/** One check under way. */
export interface RunningProbe {
  /** Gives up; nothing is reported. */
  cancel(): void;
}

/** Checks one endpoint once. */
export interface Probe {
  /** `onResult` is called once, not before this returns. Its timeout is the checker's affair. */
  start(onResult: (result: ProbeResult) => void): RunningProbe;
  /** There will be no further check: connections that are kept for them end. */
  close(): void;
}
