import type { Command } from "./command.ts";
import type { OutputFormat } from "./flag-values.ts";

export type CommandRow = {
  /** One line. */
  readonly summary: string;
  /** Positional arguments as the usage line shows them. */
  readonly args: "" | "PATH..." | "[PATH...]" | "OLD NEW" | "SHELL";
  /** A paragraph for `--help`, when the summary is not enough. */
  readonly description?: string;
  /** Accepted by `--output`; the first is the default. Empty: the command has no such flag. */
  readonly formats: readonly OutputFormat[];
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  readonly exitCodes: readonly string[];
  /** Imported only when the command runs. */
  readonly load: () => Promise<Command>;
};

/** Commands that are called by two words have the first in common, which has a help of its own. */
export type CommandGroup = {
  /** One line. */
  readonly summary: string;
  /** A paragraph for `--help`. */
  readonly description: string;
};
