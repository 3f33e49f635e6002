import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { readKubeConfig } from "../../../src/kube/kube-config.ts";
import { LeaderElection, leaderIdentity } from "../../../src/kube/leader-election.ts";
import { openKubeClient } from "../../../src/kube/open-kube-client.ts";
import { namespace } from "./manifests.ts";
import { until } from "./until.ts";

/** Takes down whether something is so. */
export type Check = (isRight: boolean, what: string) => void;

/** A candidate in a process of its own, which can be killed. */
async function runCandidate(): Promise<void> {
  const client = openKubeClient({ access: await readKubeConfig() });
  const election = new LeaderElection({
    client,
    namespace,
    name: "sluice",
    identity: leaderIdentity(`pod-${process.pid}`),
    onError: (error) => console.error(String(error)),
  });
  election.subscribe(({ phase }) => console.log(phase));
  process.on("SIGTERM", () => {
    void election.stop().then(() => client.close());
  });
  election.start();
}

type Candidate = { readonly process: ChildProcess; phase: string };

function spawnCandidate(): Candidate {
  const child = spawn(process.execPath, [import.meta.filename], { stdio: ["ignore", "pipe", "inherit"] });
  const candidate: Candidate = { process: child, phase: "" };
  if (child.stdout) createInterface(child.stdout).on("line", (phase) => Object.assign(candidate, { phase }));
  return candidate;
}

/** Two candidates; the leader is killed, and another one told to stop. */
export async function proveLeaders(check: Check): Promise<void> {
  const candidates = [spawnCandidate(), spawnCandidate()];
  try {
    const leader = () => candidates.find(({ phase }) => phase === "leading");
    await until("a leader", () => leader() !== undefined && candidates.every(({ phase }) => phase !== ""));
    check(candidates.filter(({ phase }) => phase === "leading").length === 1, "of two candidates one leads");
    const replace = async (signal: "SIGKILL" | "SIGTERM", limitMs: number): Promise<void> => {
      const old = leader() as Candidate;
      candidates.splice(candidates.indexOf(old), 1, spawnCandidate());
      await until("the other candidate", () => candidates.every(({ phase }) => phase !== ""));
      const ended = once(old.process, "exit");
      old.process.kill(signal);
      const startMs = performance.now();
      await until("a new leader", () => leader() !== undefined);
      const tookMs = Math.round(performance.now() - startMs);
      check(tookMs <= limitMs, `${signal}: a new leader after ${tookMs} ms (at most ${limitMs})`);
      await ended;
    };
    await replace("SIGKILL", 15_000);
    await replace("SIGTERM", 2500);
  } finally {
    for (const { process: child } of candidates) child.kill("SIGKILL");
  }
}

if (import.meta.main) await runCandidate();
