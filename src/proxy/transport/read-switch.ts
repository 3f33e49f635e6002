import type { Socket } from "node:net";

/** What is behind a socket of Node. Not documented, and so taken for what it is only where it looks like it. */
type ReadHandle = { readonly reading: boolean; readStop(): number; readStart(): number };

/**
 * Stops a paused socket from reading; false when it does not read, or cannot be told to. `Socket.pause` lets it read on until its
 * buffer is full, which is up to 128 KiB that every stalled peer would hold. The socket is left to think that it reads: it would
 * begin again by itself to fill its buffer.
 */
export function stopReading(socket: Socket): boolean {
  const handle = readHandleOf(socket);
  return handle?.reading === true && handle.readStop() === 0;
}

/** Undoes a {@link stopReading} that was true. */
export function startReading(socket: Socket): void {
  const handle = readHandleOf(socket);
  if (handle !== undefined && handle.readStart() !== 0) socket.destroy();
}

function readHandleOf(socket: Socket): ReadHandle | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Partial<ReadHandle> | null };
  const known =
    typeof handle?.reading === "boolean" &&
    typeof handle.readStop === "function" &&
    typeof handle.readStart === "function";
  return known ? (handle as ReadHandle) : undefined;
}
