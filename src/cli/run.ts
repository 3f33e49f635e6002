import { startFolderThread } from "../source/folder/worker/folder-thread.ts";
import type { Command } from "./command.ts";

/** `sluice run`. The thread that reads the files loads its modules while this one loads the others. */
export const run: Command = async ({ args, flags, terminal }) => {
  const thread = startFolderThread({ paths: args, watch: flags.watch ? "changes" : "nothing" });
  const { serve } = await import("./serve.ts");
  return serve({ command: "run", paths: args, thread, flags, terminal });
};
