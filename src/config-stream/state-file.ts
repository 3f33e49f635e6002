import { createHash, hash } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Logger } from "../telemetry/log.ts";
import { reasonOf } from "./controller-connection.ts";
import { digestOf } from "./digest.ts";
import { jsonPieces } from "./json-pieces.ts";
import { checkState } from "./protocol.ts";
import type { HeldState } from "./stream-client.ts";

const fileName = "state.json";
/** A large state is made into text in pieces, and requests served between them: it may take this share of the time at most. */
const maxShare = 0.01;
/** Characters that are made at once. */
const pieceLength = 64 * 1024;
/** First line of the file: the format, its version, and the checksum of the rest. */
const headPattern = /^sluice-state 1 ([0-9a-f]{64})$/;

export type StateFileOptions = {
  /** Made when it does not exist, for its owner alone. */
  readonly directory: string;
  readonly log: Logger;
  /** Shortest time between two writes while the state changes; longer for a state that takes long to write. Default 3,000 ms. */
  readonly intervalMs?: number;
};

/** A state from before. */
export type SavedState = HeldState & {
  /** When it was saved; milliseconds since the epoch. */
  readonly savedMs: number;
};

/**
 * The last good state on disk, so that a proxy serves before any controller answers. It holds private keys: the file is 0600,
 * and a directory that is made for it 0700. Failures to read or write are told and never stop the proxy.
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
  async load(): Promise<SavedState | undefined> {
    const { directory, log } = this.#options;
    const path = join(directory, fileName);
    try {
      const { mtimeMs } = await stat(path);
      return { ...readState(await readFile(path, "utf8")), savedMs: mtimeMs };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        log.warn("The saved state cannot be used; the proxy waits for a controller.", { reason: reasonOf(error) });
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
      .then(async () => {
        const { pieces, renderMs } = await renderState(held);
        this.#renderMs = renderMs;
        await writePrivately(this.#options.directory, pieces);
      })
      .catch((error: unknown) => {
        this.#options.log.warn("The state cannot be saved; after a restart the proxy waits for a controller.", {
          reason: reasonOf(error),
        });
      });
  }
}

/** The file's content, with the time that it took, waits not counted. States never change, so it is one state all along. */
async function renderState({ state }: HeldState): Promise<{ readonly pieces: readonly string[]; renderMs: number }> {
  const checksum = createHash("sha256");
  const pieces: string[] = [];
  let renderMs = 0;
  let startMs = performance.now();
  for (const piece of jsonPieces(state, pieceLength)) {
    checksum.update(piece);
    pieces.push(piece);
    renderMs += performance.now() - startMs;
    await nextTurn();
    startMs = performance.now();
  }
  return { pieces: [`sluice-state 1 ${checksum.digest("hex")}\n`, ...pieces], renderMs };
}

async function writePrivately(directory: string, pieces: readonly string[]): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, fileName);
  const temporary = `${path}.new`;
  // What is left of a write that was cut off; and nobody else's file, or link, is ever written to.
  await rm(temporary, { force: true });
  const file = await open(temporary, "wx", 0o600);
  try {
    for (const piece of pieces) await file.write(piece);
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
  if (checksum === undefined) throw new Error("it is not from this version");
  const body = text.slice(end + 1);
  if (hash("sha256", body) !== checksum) throw new Error("its checksum is wrong");
  const state = checkState(JSON.parse(body));
  return { hash: digestOf(state), state };
}
