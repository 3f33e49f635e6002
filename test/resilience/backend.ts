import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Behaviour, Counts, FromBackend, ToBackend } from "./backend-process.ts";

/** A backend that runs in a process of its own. */
export class Backend implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<Backend> {
    const child = fork(join(import.meta.dirname, "backend-process.ts"));
    const [message] = (await once(child, "message")) as [FromBackend];
    if (!("port" in message)) throw new Error("a backend began with something else than its port");
    return new Backend(child, message.port);
  }

  behave(behaviour: Behaviour): void {
    this.#send(behaviour);
  }

  /** Requests since the last call. */
  async counts(): Promise<Counts> {
    this.#send("count");
    const [message] = (await once(this.#child, "message")) as [FromBackend];
    if (!("counts" in message)) throw new Error("a backend said something else than its counts");
    return message.counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.disconnect();
    await gone;
  }

  #send(message: ToBackend): void {
    this.#child.send(message);
  }
}
