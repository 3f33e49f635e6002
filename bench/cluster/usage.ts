/** Memory and CPU of processes, from /proc. */
import { readFileSync } from "node:fs";
import type { PodProcess } from "../../test/cluster/pod-process.ts";
import { cpuSeconds } from "../proxy-bench.ts";
import { round } from "./distribution.ts";

const mebibyte = 1024;

export type Usage = {
  readonly name: string;
  /** Resident, and resident with shared pages divided among their users. MiB. */
  readonly rss: { readonly last: number; readonly max: number };
  readonly pss: { readonly last: number; readonly max: number };
  /** Share of one core, in per cent. */
  readonly cpuPercent: number;
};

/** Looks at processes once a second until it is stopped. One that ends is left out from then on. */
export class UsageMeter {
  readonly #processes: readonly { readonly name: string; readonly pid: number }[];
  readonly #samples = new Map<string, { rss: number[]; pss: number[]; cpuStart: number; cpuLast: number }>();
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #lastMs = this.#startMs;

  constructor(processes: readonly PodProcess[]) {
    this.#processes = processes.map(({ pod, pid }) => ({ name: pod, pid }));
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), 1000);
  }

  stop(): readonly Usage[] {
    clearInterval(this.#timer);
    this.#sample();
    const seconds = (this.#lastMs - this.#startMs) / 1000;
    return [...this.#samples].map(([name, { rss, pss, cpuStart, cpuLast }]) => ({
      name,
      rss: { last: rss.at(-1) ?? 0, max: Math.max(...rss) },
      pss: { last: pss.at(-1) ?? 0, max: Math.max(...pss) },
      cpuPercent: round(((cpuLast - cpuStart) / seconds) * 100),
    }));
  }

  #sample(): void {
    this.#lastMs = performance.now();
    for (const { name, pid } of this.#processes) {
      try {
        const memory = memoryOf(pid);
        const cpu = cpuSeconds(pid);
        const sample = this.#samples.get(name) ?? { rss: [], pss: [], cpuStart: cpu, cpuLast: cpu };
        sample.rss.push(memory.rss);
        sample.pss.push(memory.pss);
        sample.cpuLast = cpu;
        this.#samples.set(name, sample);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== "ENOENT" && code !== "ESRCH") throw error;
      }
    }
  }
}

/** MiB. */
function memoryOf(pid: number): { readonly rss: number; readonly pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const field = (name: string) => round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / mebibyte);
  return { rss: field("Rss"), pss: field("Pss") };
}
