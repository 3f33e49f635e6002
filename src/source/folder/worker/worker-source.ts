import type { Worker } from "node:worker_threads";
import type { Store } from "../../../store/store.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { PartReceiver } from "./part-receiver.ts";

export type WorkerSourceOptions = {
  /** From {@link startFolderThread}. Ended by `close`. */
  readonly thread: Worker;
  readonly store: Pick<Store, "replace">;
  /** The thread has failed, by an error of ours or for want of memory: the store stays as it is. */
  readonly onFault: (error: Error) => void;
};

/**
 * Keeps a store in step with files and folders, as {@link FolderSource} does, from a thread of its own: whatever they hold,
 * this thread is only asked to take over a small batch at a time.
 */
export class WorkerSource {
  readonly #worker: Worker;
  readonly #options: WorkerSourceOptions;
  readonly #receiver = new PartReceiver();
  readonly #reloads = new Map<number, PromiseWithResolvers<void>>();
  #lastReload = 0;
  #fault: Error | undefined;

  constructor(options: WorkerSourceOptions) {
    this.#options = options;
    this.#worker = options.thread;
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
  }

  /** Reads everything into the store and begins to watch. Rejects when the thread fails. */
  start(): Promise<void> {
    return this.reload();
  }

  /** Reads everything again now. Resolves when the store is up to date; rejects when the thread has failed. */
  reload(): Promise<void> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    const done = Promise.withResolvers<void>();
    this.#reloads.set(++this.#lastReload, done);
    this.#post({ kind: "reload", id: this.#lastReload });
    return done.promise;
  }

  /** Ends the thread; the store keeps what it has. */
  async close(): Promise<void> {
    this.#worker.removeAllListeners();
    await this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    if (message.kind === "reloaded") {
      this.#reloads.get(message.id)?.resolve();
      this.#reloads.delete(message.id);
      return;
    }
    const parts = this.#receiver.take(message.items);
    if (parts !== undefined) this.#options.store.replace(parts);
    // The sockets have their turn before the next batch.
    setImmediate(() => this.#post({ kind: "next" }));
  }

  #fail(error: Error): void {
    this.#fault = error;
    for (const { reject } of this.#reloads.values()) reject(error);
    this.#reloads.clear();
    this.#options.onFault(error);
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}
