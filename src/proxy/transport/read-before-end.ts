import type { Socket } from "node:net";

/**
 * Has a socket hand over what came before the other side closed. Node ends a socket at once when a write to it fails, and with
 * it an answer that is there and not yet read: that of a server which refuses an upload and closes. With the failure everything
 * that will ever come has come, so one turn of the event loop is enough to read it; what is read in it decides. The socket must have been
 * opened with `onread`: events of streams tell of nothing behind a failure.
 */
export function readBeforeEnd(socket: Socket): void {
  const { destroy } = socket;
  let ending = false;
  socket.destroy = (error?: NodeJS.ErrnoException) => {
    if (error?.syscall !== "write") return destroy.call(socket, error);
    // The first is of this turn, whose events may have been collected before.
    if (!ending) setImmediate(() => setImmediate(() => destroy.call(socket, error)));
    ending = true;
    return socket;
  };
}
