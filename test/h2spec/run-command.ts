import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a program to its end while this process goes on serving; what it printed, both channels in order. */
export async function runCommand(
  program: string,
  args: readonly string[],
): Promise<{ readonly output: string; readonly status: number | null }> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { output, status };
}
