import { readFileSync } from "node:fs";
import { UsageError } from "../base/usage-error.ts";
import type { Finding } from "../finding/finding.ts";
import { loadPaths } from "../source/folder/load-paths.ts";
import { shownLines } from "../source/folder/shown-lines.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { SourceLines } from "./render/findings.ts";

/** Manifests read once, for the commands that do not serve. */
export type ReadSource = {
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
  readonly lines: SourceLines;
  /** What standard input held; `""` where it was not read. */
  readonly stdin: () => string;
};

/** Reads files, folders and standard input (`-`). Throws {@link UsageError} when one of the paths cannot be read at all. */
export async function readPaths(paths: readonly string[]): Promise<ReadSource> {
  const input = new Recorder(process.stdin);
  const { snapshot, findings, unreadable } = await loadPaths(paths, { stdin: input });
  if (unreadable) throw new UsageError(unreadableMessage(findings));
  return { snapshot, findings, lines: sourceLines(() => input.text), stdin: () => input.text };
}

/** What is wrong with the paths themselves, as the message of the command. */
export function unreadableMessage(findings: readonly Finding[]): string {
  const messages = findings.filter(({ name }) => name === "path-unreadable").map(({ message }) => message);
  return messages.join("\n        ");
}

/** Lines of files as they are now, each file read once; of standard input as it was read. Without what may be a secret. */
function sourceLines(input: () => string): SourceLines {
  const known = new Map<string, ReturnType<SourceLines>>();
  return (file) => {
    if (!known.has(file)) known.set(file, readLines(file, input));
    return known.get(file);
  };
}

function readLines(file: string, input: () => string): ReturnType<SourceLines> {
  try {
    return shownLines(file === "-" ? input() : readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Passes chunks on and keeps them, so that findings can show lines of standard input. */
class Recorder implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #chunks: Uint8Array[] = [];

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#chunks.push(chunk);
      yield chunk;
    }
  }
}
