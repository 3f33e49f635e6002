import type { CompileResult } from "../compile/contract.ts";
import type { Finding } from "../finding/finding.ts";
import type { PlaneReport } from "../ir/plane.ts";
import type { CompiledStatus } from "../status/condition.ts";
import type { Snapshot } from "../store/snapshot.ts";

/** What is in force: everything that one turn of the control loop made. */
export type Configuration<Status extends CompiledStatus = CompiledStatus> = {
  /** Number of the turn that compiled it; the plane's report names it too. */
  readonly generation: number;
  readonly snapshot: Snapshot;
  readonly result: CompileResult;
  readonly report: PlaneReport;
  /** What the compiler concluded joined with what the plane reported. */
  readonly status: Status;
  /** The compiler's and the plane's. */
  readonly findings: readonly Finding[];
};

/** A turn that changed nothing because of an error of ours. */
export type TurnFailure = { readonly turn: number; readonly message: string };

export type ControlState<Status extends CompiledStatus = CompiledStatus> = {
  readonly phase: "starting" | "serving" | "draining";
  /** Number of the last turn that finished; 0 before the first. */
  readonly turn: number;
  /** Absent until the first configuration is in force. */
  readonly configuration?: Configuration<Status>;
  /** Set while the last turn failed: the configuration is then older than the objects. */
  readonly failure?: TurnFailure;
};
