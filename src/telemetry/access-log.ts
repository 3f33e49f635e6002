import { type Stats, write } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { renderAccessLine } from "./access-line.ts";
import type { AccessRecord, Counter } from "./telemetry.ts";

/** Lines are gathered into chunks of this size, which is more than any line (`maxLineBytes`); one chunk is one write. */
const chunkBytes = 64 * 1024;
const retryDelayMs = 20;
const lineFeed = 0x0a;

/** The system calls that the log makes, so that tests can stand in for a slow or broken reader. */
export type LogSink = {
  /** Writes some bytes of `chunk` from `offset` on and says how many. Rejects with the system's error code. */
  write(chunk: Buffer, offset: number, length: number): Promise<number>;
  /** Opens the same path again (after rotation). Resolves when later writes go to the new file, and begin a line there. */
  reopen(): Promise<void>;
  close(): Promise<void>;
};

export type AccessLogOptions = {
  readonly sink: LogSink;
  readonly written: Counter;
  readonly droppedFull: Counter;
  readonly droppedError: Counter;
  /** Bytes that may wait for a slow reader before lines are dropped. Default 4 MiB, at least one chunk. */
  readonly maxBufferedBytes?: number;
  /** Told once when writing begins to fail, until it works again. Default: nobody. */
  readonly onFailing?: (error: Error) => void;
  /** Told when it works again, with the lines that were lost. Default: nobody. */
  readonly onWorking?: (lostLines: number) => void;
  /** Longest time that a line waits for company. Default 200 ms. */
  readonly flushIntervalMs?: number;
};

type Chunk = { readonly bytes: Buffer; used: number; lines: number };

/**
 * Gathers lines and writes them in batches, one write at a time. A reader that does not keep up costs lines, which are
 * counted, and never a request: nothing here waits on the request path.
 */
export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #maxChunks: number;
  readonly #full: Chunk[] = [];
  readonly #spare: Chunk[] = [];
  #current: Chunk | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #reopening: PromiseWithResolvers<void> | undefined;
  #closed = false;
  #deadlinePassed = false;
  /** What was written last stops in the middle of a line: the next one must not go on there. */
  #torn = false;
  /** Lines lost since writing began to fail; `undefined`: it works. */
  #lost: number | undefined;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#maxChunks = Math.max(1, Math.floor((options.maxBufferedBytes ?? 4 * 1024 * 1024) / chunkBytes));
  }

  /** Takes one line. It is dropped and counted when the buffer is full or the log is closed. */
  write(record: AccessRecord): void {
    const line = renderAccessLine(record);
    const chunk = this.#room(line.length);
    if (!chunk) {
      this.#options.droppedFull.add(1);
      return;
    }
    chunk.used += chunk.bytes.write(line, chunk.used, "latin1");
    chunk.lines += 1;
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#onTimer(), this.#options.flushIntervalMs ?? 200);
      this.#timer.unref();
    }
  }

  /** Hands over what has been gathered; resolves when it is written or lost. */
  async flush(): Promise<void> {
    this.#seal();
    await this.#start();
  }

  /**
   * Lines taken from now on go to a newly opened file: for log rotation (SIGHUP). Rejects when it cannot be opened; the
   * old file then stays in use.
   */
  async reopen(): Promise<void> {
    if (this.#closed) return;
    this.#reopening ??= Promise.withResolvers();
    const { promise } = this.#reopening;
    void this.flush();
    await promise;
  }

  /** Writes what is left for at most `deadlineMs`, counts the rest as dropped, and closes the file. */
  async close(deadlineMs = 1000): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const { promise: deadline, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#deadlinePassed = true;
      resolve();
    }, deadlineMs);
    await Promise.race([this.flush(), deadline]);
    clearTimeout(timer);
    for (const chunk of this.#full.splice(0)) this.#options.droppedFull.add(chunk.lines);
    const closed = this.#options.sink.close();
    // A reader that holds a write up holds the closing up too: then the end of the process does it.
    if (this.#deadlinePassed) closed.catch(() => {});
    else await closed;
  }

  /** The chunk that takes a line of this size; `undefined` when all that memory allows is waiting to be written. */
  #room(bytes: number): Chunk | undefined {
    if (this.#closed) return undefined;
    if (this.#current && chunkBytes - this.#current.used < bytes) {
      this.#seal();
      void this.#start();
    }
    if (this.#current) return this.#current;
    if (this.#full.length >= this.#maxChunks) return undefined;
    this.#current = this.#spare.pop() ?? { bytes: Buffer.allocUnsafeSlow(chunkBytes), used: 0, lines: 0 };
    return this.#current;
  }

  #seal(): void {
    if (!this.#current) return;
    this.#full.push(this.#current);
    this.#current = undefined;
  }

  #onTimer(): void {
    this.#timer = undefined;
    void this.flush();
  }

  #start(): Promise<void> {
    if (this.#full.length === 0 && !this.#reopening) return this.#writing ?? Promise.resolve();
    this.#writing ??= this.#drain();
    return this.#writing;
  }

  /** Never rejects: what fails is counted, or told to who asked for it. */
  async #drain(): Promise<void> {
    for (;;) {
      const chunk = this.#full[0];
      if (!chunk) {
        if (!this.#reopening) break;
        await this.#reopenSink(this.#reopening);
        continue;
      }
      const bytes = await this.#writeWhole(chunk);
      // `close` may have given up on this chunk and counted it already.
      if (this.#deadlinePassed) {
        this.#reopening?.resolve();
        break;
      }
      this.#full.shift();
      this.#countLines(chunk, bytes);
      if (this.#spare.length < 2) this.#spare.push({ bytes: chunk.bytes, used: 0, lines: 0 });
    }
    // In the same step as the last look for work, so that none is added to a writer that has ended.
    this.#writing = undefined;
  }

  async #reopenSink({ resolve, reject }: PromiseWithResolvers<void>): Promise<void> {
    this.#reopening = undefined;
    try {
      await this.#options.sink.reopen();
      // What it opened begins a line.
      this.#torn = false;
      resolve();
    } catch (error) {
      reject(error);
    }
  }

  /** How many bytes were written: not all when writing failed for good, as on a disk that is full. */
  async #writeWhole(chunk: Chunk): Promise<number> {
    if (this.#torn) {
      if ((await this.#write(endOfLine, 0, 1)) === 0) return 0;
      this.#torn = false;
    }
    const written = await this.#write(chunk.bytes, 0, chunk.used);
    this.#torn = written > 0 && chunk.bytes[written - 1] !== lineFeed;
    return written;
  }

  /** A reader that is merely slow (`EAGAIN`) is asked again. */
  async #write(bytes: Buffer, start: number, end: number): Promise<number> {
    let offset = start;
    while (offset < end && !this.#deadlinePassed) {
      try {
        offset += await this.#options.sink.write(bytes, offset, end - offset);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") {
          this.#onFailure(error as Error);
          break;
        }
        await new Promise<void>((resolve) => setTimeout(resolve, retryDelayMs).unref());
      }
    }
    return offset - start;
  }

  #onFailure(error: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = 0;
    this.#options.onFailing?.(error);
  }

  #countLines(chunk: Chunk, bytesWritten: number): void {
    if (bytesWritten === chunk.used) {
      this.#options.written.add(chunk.lines);
      if (this.#lost === undefined) return;
      this.#options.onWorking?.(this.#lost);
      this.#lost = undefined;
      return;
    }
    const whole = chunk.bytes.subarray(0, bytesWritten).filter((byte) => byte === lineFeed).length;
    this.#options.written.add(whole);
    this.#options.droppedError.add(chunk.lines - whole);
    if (this.#lost !== undefined) this.#lost += chunk.lines - whole;
  }
}

const endOfLine = Buffer.of(lineFeed);

/** Standard output (`-`), or a file that is appended to and made when it does not exist. Rejects when it cannot be opened. */
export async function openLogSink(target: string): Promise<LogSink> {
  return target === "-" ? descriptorSink(1) : fileSink(target);
}

function descriptorSink(fd: number): LogSink {
  return {
    write: (chunk, offset, length) =>
      new Promise((resolve, reject) => {
        write(fd, chunk, offset, length, null, (error, written) => (error ? reject(error) : resolve(written)));
      }),
    reopen: async () => {},
    close: async () => {},
  };
}

async function fileSink(path: string): Promise<LogSink> {
  let file = await openFile(path);
  return {
    write: async (chunk, offset, length) => (await file.write(chunk, offset, length, null)).bytesWritten,
    async reopen() {
      const old = file;
      file = await openFile(path);
      await old.close();
    },
    close: () => file.close(),
  };
}

/** Ends the line that a process before, or a full disk, left half written. */
async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, "a", 0o640);
  try {
    if (await endsMidLine(path, await file.stat())) await file.write(endOfLine);
  } catch {
    // The disk is full, or the file may not be read: lines matter more than how they begin.
  }
  return file;
}

async function endsMidLine(path: string, stats: Stats): Promise<boolean> {
  if (!stats.isFile() || stats.size === 0) return false;
  await using file = await open(path, "r");
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, stats.size - 1);
  return last[0] !== lineFeed;
}
