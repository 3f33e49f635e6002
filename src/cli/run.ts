import type { Command } from "./command.ts";
import { serve } from "./serve.ts";

/** `sluice run`. */
export const run: Command = ({ args, flags, terminal }) => serve({ paths: args, flags, terminal });
