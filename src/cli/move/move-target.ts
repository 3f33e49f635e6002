import type { MoveState } from "../../migrate/move/move-state.ts";
import type { MoveChange } from "../../migrate/move/stage-changes.ts";

/** Where the stages of hosts are kept, and where what they need goes: files, or a cluster. */
export type MoveTarget = {
  readonly readState: () => Promise<MoveState>;
  /** Carries out all changes, in order, and then remembers the stages. Rejects where one fails: running it again does all of them again. */
  readonly carryOut: (changes: readonly MoveChange[], name: string, state: MoveState) => Promise<void>;
  /** What is left to do for a person after {@link carryOut}; `""`: nothing. */
  readonly remains: (changes: readonly MoveChange[], name: string) => string;
};
