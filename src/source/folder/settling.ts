import type { Resource } from "../../resource/kinds.ts";
import { keyOf } from "../../store/create-snapshot.ts";
import type { SourceFile } from "./source-file.ts";

/** Files by path, in the order in which their objects count. */
export type SourceFiles = ReadonlyMap<string, SourceFile>;

export type SettlingOptions = {
  /** How long a loss has to stay the same before it counts. Milliseconds. */
  readonly quietMs: number;
  /** After so long it counts although it still changes. Milliseconds. */
  readonly ceilingMs: number;
};

/** What is in force, and after how many milliseconds a loss that does not count yet may do so. */
export type Settled = { readonly files: SourceFiles; readonly waitMs: number | undefined };

/**
 * Tells a file that is being written from one that has changed. What a reading adds or alters counts at once; where it takes
 * objects away or has errors, as a file does that is half written, renamed away by an editor or copied slowly, the file
 * stays as it was until two readings some time apart agree.
 */
export class Settling {
  readonly #options: SettlingOptions;
  /** Losses seen and not yet believed, by file: which, since when, and since when there has been one at all. */
  #losses: ReadonlyMap<string, Loss> = new Map();

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** `before`: what is in force. `nowMs`: of any clock that does not go back. */
  settle(before: SourceFiles, read: SourceFiles, nowMs: number): Settled {
    const { quietMs, ceilingMs } = this.#options;
    const losses = new Map<string, Loss>();
    const files = new Map(read);
    let waitMs: number | undefined;
    const names = new Names(read);
    for (const file of new Set([...before.keys(), ...read.keys()])) {
      const former = before.get(file);
      const next = read.get(file);
      if (next === former || !isLoss(former, next, names)) continue;
      const hash = next?.hash;
      const known = this.#losses.get(file);
      const loss: Loss = {
        hash,
        sinceMs: known !== undefined && known.hash === hash ? known.sinceMs : nowMs,
        firstMs: known?.firstMs ?? nowMs,
      };
      const leftMs = Math.min(loss.sinceMs + quietMs, loss.firstMs + ceilingMs) - nowMs;
      if (leftMs <= 0) continue;
      losses.set(file, loss);
      waitMs = Math.min(waitMs ?? leftMs, leftMs);
      if (former === undefined) files.delete(file);
      else files.set(file, former);
    }
    this.#losses = losses;
    return { files, waitMs };
  }

  /** Forgets what is not believed yet: the next reading counts as a whole. */
  clear(): void {
    this.#losses = new Map();
  }
}

type Loss = { readonly hash: string | undefined; readonly sinceMs: number; readonly firstMs: number };

function isLoss(former: SourceFile | undefined, next: SourceFile | undefined, names: Names): boolean {
  if (next?.part.findings.some(({ severity }) => severity === "error")) return true;
  if (former === undefined || former.part.resources === next?.part.resources) return false;
  const left = new Set(next?.part.resources.map(nameOf));
  return former.part.resources.some((resource) => !left.has(nameOf(resource)) && !names.has(resource));
}

/** What all files define: an object that has moved to another file is not lost. Worked out when it is asked for. */
class Names {
  readonly #files: SourceFiles;
  #names: ReadonlySet<string> | undefined;

  constructor(files: SourceFiles) {
    this.#files = files;
  }

  has(resource: Resource): boolean {
    this.#names ??= new Set([...this.#files.values()].flatMap(({ part }) => part.resources.map(nameOf)));
    return this.#names.has(nameOf(resource));
  }
}

function nameOf(resource: Resource): string {
  return `${resource.kind} ${keyOf(resource)}`;
}
