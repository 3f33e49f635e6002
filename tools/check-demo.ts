/**
 * The README's first command as a user types it: `npm start`, then every curl line that it prints, then Ctrl-C.
 * Uses the ports 8080 and 8443 and needs `curl`. Ends with `N passed, N failed`.
 */
import { spawn, spawnSync } from "node:child_process";

/** Most that starting may take, on a busy machine. */
const startTimeoutMs = 60_000;

const demo = spawn("npm", ["start"], {
  cwd: new URL("..", import.meta.url),
  // A process group of its own, as a terminal makes one: Ctrl-C reaches npm and what npm started.
  detached: true,
  stdio: ["ignore", "pipe", "inherit"],
});
/** How npm ended: its exit status, or the signal that it passed on to itself. */
const exited = new Promise<number | string | null>((resolve) => {
  demo.once("exit", (code, signal) => resolve(code ?? signal));
});
let passed = 0;
let failed = 0;

function report(name: string, fault: string | undefined): void {
  if (fault === undefined) passed++;
  else failed++;
  console.log(fault === undefined ? `✔ ${name}` : `✖ ${name}: ${fault}`);
}

/** What the demo printed until it said what to try; fails when it ends before. */
function printed(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(
      () => reject(new Error(`nothing to try after ${startTimeoutMs} ms:\n${text}`)),
      startTimeoutMs,
    );
    demo.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (!text.includes("Ctrl-C stops.")) return;
      clearTimeout(timer);
      resolve(text);
    });
    void exited.then((code) => reject(new Error(`npm start ended with ${code}:\n${text}`)));
  });
}

/** Why a printed curl line does not work, or `undefined`. */
function faultOf(line: string): string | undefined {
  const run = spawnSync("sh", ["-c", `${line} -sS --max-time 10 -o /dev/null -w '%{http_code}'`], { encoding: "utf8" });
  const status = Number(run.stdout);
  if (run.status !== 0) return run.stderr.trim();
  return status >= 200 && status < 400 ? undefined : `answered ${status}`;
}

try {
  const lines = (await printed()).split("\n").map((line) => line.trim());
  const curls = lines.filter((line) => line.startsWith("curl "));
  report("npm start prints what to try", curls.length > 0 ? undefined : "no curl line");
  for (const line of curls) report(line, faultOf(line));
  process.kill(-(demo.pid as number), "SIGINT");
  const code = await exited;
  report("Ctrl-C stops it", code === 0 || code === 130 || code === "SIGINT" ? undefined : `ended with ${code}`);
} catch (error) {
  report("npm start", error instanceof Error ? error.message : String(error));
} finally {
  if (demo.exitCode === null && demo.signalCode === null) process.kill(-(demo.pid as number), "SIGKILL");
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
