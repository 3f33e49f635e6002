import { readFileSync } from "node:fs";
import type { DescriptorOptions } from "../proxy/transport/descriptors.ts";
import type { Logger } from "../telemetry/log.ts";

/** The file descriptors of this process, and what is said when they run short. */
export function descriptorOptions(log: Logger): DescriptorOptions {
  const event = "descriptors";
  return {
    limit: openFilesLimit(readLimits()),
    onShort: (limit) =>
      log.warn(
        `Clients are turned away: nearly all of the ${limit} files and connections that this process may have open are in use. Raise the limit (ulimit -n, or LimitNOFILE of systemd).`,
        { event, limit },
      ),
    onEnough: (turnedAway) =>
      log.info(`Clients are let in again; ${turnedAway} were turned away.`, { event, turnedAway }),
  };
}

/** The soft limit, which Node has raised to the hard one by now, in the text of proc(5). `Infinity` where there is none. */
export function openFilesLimit(limits: string): number {
  const soft = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/** `""` on systems without it. */
function readLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}
