import type { ExitCode } from "../base/exit-code.ts";
import type { FlagValues } from "./flags.ts";

/** The world as a command sees it, so that tests can run one without a process. */
export type Terminal = {
  /** Results: what a script would read. */
  out(text: string): void;
  /** Messages about the work. */
  err(text: string): void;
  /** Whether results may be coloured: a terminal, and neither NO_COLOR nor `--no-color`. */
  readonly color: boolean;
  /** The same for messages. */
  readonly errColor: boolean;
};

/** What a command is given. */
export type CommandInput = {
  /** Positional arguments: paths, or a shell's name. */
  readonly args: readonly string[];
  readonly flags: FlagValues;
  readonly terminal: Terminal;
};

/** Each `cli/<command>.ts` exports one. */
export type Command = (input: CommandInput) => Promise<ExitCode>;
