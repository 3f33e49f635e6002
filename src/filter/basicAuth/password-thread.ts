import { Worker } from "node:worker_threads";
import type { PasswordHash } from "../../ir/htpasswd.ts";
import type { PasswordAnswer, PasswordQuestion } from "./password-worker.ts";

/** The sources run as they are, and the package has them compiled. */
const workerUrl = new URL(`./password-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** `busy`: too many wait already. `failed`: the thread has ended; the next question starts another. */
export type PasswordVerdict = "matches" | "differs" | "busy" | "failed";

type Waiting = { readonly asker: string; readonly tell: (verdict: PasswordVerdict) => void };

/** Questions that wait, of all and of one asker. One of bcrypt's usual cost takes some 60 ms. */
const maxWaiting = 128;
const maxWaitingOfOne = 16;

/**
 * Checks passwords on a thread of its own, one after the other, so that slow hashes hold up nobody's requests. The thread
 * begins with the first question and does not keep the process alive.
 */
export class PasswordThread {
  #worker: Worker | undefined;
  #lastId = 0;
  readonly #waiting = new Map<number, Waiting>();
  /** How many of {@link #waiting} are whose. */
  readonly #ofAsker = new Map<string, number>();

  /** Asks; `tell` is called once, perhaps at once. `asker` is whoever must not take the places of all others: an address. */
  ask(password: string, hash: PasswordHash, asker: string, tell: (verdict: PasswordVerdict) => void): void {
    const own = this.#ofAsker.get(asker) ?? 0;
    if (this.#waiting.size >= maxWaiting || own >= maxWaitingOfOne) {
      tell("busy");
      return;
    }
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    this.#waiting.set(id, { asker, tell });
    this.#ofAsker.set(asker, own + 1);
    this.#worker.postMessage({ id, password, hash } satisfies PasswordQuestion);
  }

  #start(): Worker {
    const worker = new Worker(workerUrl);
    worker.on("message", ({ id, matches }: PasswordAnswer) => this.#settle(id, matches ? "matches" : "differs"));
    // An error is told by the end that follows it.
    worker.on("error", () => {});
    worker.on("exit", () => {
      this.#worker = undefined;
      for (const id of [...this.#waiting.keys()]) this.#settle(id, "failed");
    });
    // Listening holds the process, so this comes last.
    worker.unref();
    return worker;
  }

  #settle(id: number, verdict: PasswordVerdict): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    const left = (this.#ofAsker.get(waiting.asker) ?? 0) - 1;
    if (left > 0) this.#ofAsker.set(waiting.asker, left);
    else this.#ofAsker.delete(waiting.asker);
    waiting.tell(verdict);
  }
}

/** The process's own: however many policies there are, passwords take one core at most. */
export const passwordThread = new PasswordThread();
