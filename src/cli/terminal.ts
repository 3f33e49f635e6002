import type { WriteStream } from "node:tty";
import type { Terminal } from "./command.ts";

/**
 * The process's own standard output and error. A reader that goes away (`sluice routes … | head`) ends the process
 * quietly, as other command line tools do.
 */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    color: hasColor(process.stdout),
    errColor: hasColor(process.stderr),
  };
}

/** Colour belongs on terminals only, and NO_COLOR (any value but the empty one) forbids it. */
function hasColor(stream: WriteStream): boolean {
  if (process.env["NO_COLOR"]) return false;
  return stream.isTTY === true && stream.hasColors();
}
