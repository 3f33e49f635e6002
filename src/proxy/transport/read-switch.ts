import type { Socket } from "node:net";

/** What is behind a socket of Node. Not documented, and so taken for what it is only where it looks like it. */
type Handle = { reading?: unknown; readonly readStop?: unknown; readonly readStart?: unknown };
type ReadHandle = { reading: boolean; readStop(): number; readStart(): number };

/**
 * Stops a paused socket from reading; false when it does not read, or cannot be told to. `Socket.pause` lets it read on until its
 * buffer is full, which is up to 128 KiB that every stalled peer would hold.
 */
export function stopReading(socket: Socket): boolean {
  const handle = readHandleOf(socket);
  if (handle?.reading !== true) return false;
  handle.reading = false;
  handle.readStop();
  return true;
}

/** Undoes {@link stopReading}. */
export function startReading(socket: Socket): void {
  const handle = readHandleOf(socket);
  if (handle === undefined || handle.reading) return;
  handle.reading = true;
  if (handle.readStart() !== 0) socket.destroy();
}

function readHandleOf(socket: Socket): ReadHandle | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null };
  const known =
    typeof handle?.reading === "boolean" &&
    typeof handle.readStop === "function" &&
    typeof handle.readStart === "function";
  return known ? (handle as ReadHandle) : undefined;
}
