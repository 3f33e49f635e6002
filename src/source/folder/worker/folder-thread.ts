import { Worker } from "node:worker_threads";
import type { WorkerSettings } from "./messages.ts";

/**
 * Starts the thread that a {@link WorkerSource} reads with; it reads nothing before that asks. A module of its own, so that
 * the thread can load what it needs while the process still loads the rest.
 */
export function startFolderThread(settings: WorkerSettings): Worker {
  return new Worker(workerUrl, { workerData: settings });
}

/** The sources run as they are, and the package has them compiled. */
const workerUrl = new URL(`./folder-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
