import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Writes a file for its owner alone (0600), aside and renamed, in a folder that is made (0700) where there is none. Other work
 * has its turn between the pieces. Resolves to the bytes written and what `pieces` returned, with the milliseconds that making
 * them took.
 */
export async function replacePrivateFile<T>(
  path: string,
  pieces: Generator<string, T>,
): Promise<{ readonly bytes: number; readonly made: T; readonly renderMs: number }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  // What is left of a write that was cut off; and nobody else's file, or link, is ever written to.
  await rm(temporary, { force: true });
  const file = await open(temporary, "wx", 0o600);
  let renderMs = 0;
  let bytes = 0;
  let made: T;
  try {
    for (;;) {
      const startMs = performance.now();
      const { done, value } = pieces.next();
      renderMs += performance.now() - startMs;
      if (done) {
        made = value;
        break;
      }
      bytes += (await file.write(value)).bytesWritten;
      await nextTurn();
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return { bytes, made, renderMs };
}

/**
 * Adds to a file that {@link replacePrivateFile} has written and that has `size` bytes since. Resolves to its new size;
 * `undefined` when it is not that file any more. What a rejection leaves behind may be cut off.
 */
export async function appendPrivateFile(path: string, text: string, size: number): Promise<number | undefined> {
  const file = await openOwn(path);
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size !== size) return undefined;
    const { bytesWritten } = await file.write(text);
    await file.datasync();
    return size + bytesWritten;
  } finally {
    await file.close();
  }
}

async function openOwn(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ELOOP") return undefined;
    throw error;
  }
}
