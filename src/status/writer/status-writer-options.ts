import type { Clock } from "../../base/clock.ts";
import type { KubeClient } from "../../kube/kube-client.ts";
import type { LiveObjects } from "./live-object.ts";
import type { StatusProblem } from "./status-problem.ts";
import type { WriteFailure } from "./write-failure.ts";

/** How a write of one status ended. */
type WriteResult = "written" | WriteFailure["kind"];

export type StatusWriterOptions = {
  readonly client: KubeClient;
  readonly live: LiveObjects;
  readonly controllerName: string;
  /** Owner of our fields in `managedFields`. Default `sluice`. */
  readonly fieldManager?: string;
  /**
   * Requests a second. Default 50: 5,000 routes are through in less than two minutes after a first start, while a small API
   * server, which does some thousand writes a second, hardly notices.
   */
  readonly requestsPerSecond?: number;
  /** Requests that may come at once after quiet. Default 100: what a usual change of configuration touches. */
  readonly burst?: number;
  /** Requests that wait for an answer at the same time. Default 8. */
  readonly maxInFlight?: number;
  /**
   * An object is written at most once in this time, after the first three writes: counts of attached routes change with every
   * route. Default 1,000 ms.
   */
  readonly intervalMs?: number;
  /** After a conflict, how long the watch may take to show the newer object before it is asked for. Default 2,000 ms. */
  readonly conflictWaitMs?: number;
  readonly onProblem?: (problem: StatusProblem) => void;
  /** Called when {@link StatusWriter.forbidden} has changed. */
  readonly onForbidden?: () => void;
  /** Called once for each write that ended, for counters. */
  readonly onResult?: (objectKind: string, result: WriteResult) => void;
  readonly clock?: Clock;
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
};
