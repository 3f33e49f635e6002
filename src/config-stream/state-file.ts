import { hash } from "node:crypto";
import { chmod, mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../telemetry/log.ts";
import { reasonOf } from "./controller-connection.ts";
import { digestOf } from "./digest.ts";
import { checkState } from "./protocol.ts";
import type { HeldState } from "./stream-client.ts";

const fileName = "state.json";
/** Requests wait while a large state is made into text: that may take this share of the time at most. */
const maxShare = 0.01;
/** First line of the file: the format, its version, and the checksum of the rest. */
const headPattern = /^sluice-state 1 ([0-9a-f]{64})$/;

export type StateFileOptions = {
  /** Made when it does not exist; only its owner may look into it. */
  readonly directory: string;
  readonly log: Logger;
  /** Shortest time between two writes while the state changes; longer for a state that takes long to write. Default 3,000 ms. */
  readonly intervalMs?: number;
};

/**
 * The last good state on disk, so that a proxy serves before any controller answers. It holds private keys: the file is 0600
 * in a directory 0700. Failures to read or write are told and never stop the proxy.
 */
export class StateFile {
  readonly #options: StateFileOptions;
  #next: HeldState | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** How long the last state took to be made into text. */
  #renderMs = 0;

  constructor(options: StateFileOptions) {
    this.#options = options;
  }

  /** The state that was saved last; `undefined` when there is none, or it is broken or of another version. */
  async load(): Promise<HeldState | undefined> {
    const { directory, log } = this.#options;
    try {
      return readState(await readFile(join(directory, fileName), "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        log.warn("The saved state cannot be used; this proxy waits for a controller.", { reason: reasonOf(error) });
      }
      return undefined;
    }
  }

  /** Saves a state soon: the newest of those that come within the interval. */
  save(held: HeldState): void {
    this.#next = held;
    if (this.#timer !== undefined) return;
    const intervalMs = Math.max(this.#options.intervalMs ?? 3_000, this.#renderMs / maxShare);
    this.#timer = setTimeout(() => this.#write(), intervalMs);
    this.#timer.unref();
  }

  /** Saves what has not been saved. Never rejects. */
  async flush(): Promise<void> {
    this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#next;
    this.#next = undefined;
    if (held === undefined) return;
    this.#writing = this.#writing
      .then(() => {
        const startMs = performance.now();
        const text = renderState(held);
        this.#renderMs = performance.now() - startMs;
        return writePrivately(this.#options.directory, text);
      })
      .catch((error: unknown) => {
        this.#options.log.warn("The state cannot be saved; after a restart this proxy waits for a controller.", {
          reason: reasonOf(error),
        });
      });
  }
}

function renderState({ state }: HeldState): string {
  const body = JSON.stringify(state);
  return `sluice-state 1 ${hash("sha256", body)}\n${body}`;
}

async function writePrivately(directory: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A directory that was there before (a mounted volume) may have other rights, and not be ours to change.
  await chmod(directory, 0o700).catch(() => {});
  const path = join(directory, fileName);
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Throws for anything but a whole state. The messages quote nothing of it. */
function readState(text: string): HeldState {
  const end = text.indexOf("\n");
  const [, checksum] = headPattern.exec(text.slice(0, end)) ?? [];
  if (checksum === undefined) throw new Error("it is not a state of this version");
  const body = text.slice(end + 1);
  if (hash("sha256", body) !== checksum) throw new Error("its checksum is wrong");
  const state = checkState(JSON.parse(body));
  return { hash: digestOf(state), state };
}
