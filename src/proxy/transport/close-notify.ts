import { constants } from "node:os";
import type { TLSSocket } from "node:tls";

/** Node's own objects under a TLS socket: nothing documented tells a TLS end from an end of TCP below it. */
type TlsHandle = {
  /** False while reading is stopped, in which case no end of TCP can have been read. */
  readonly reading?: boolean;
  /** The TCP handle. libuv answers EALREADY while it reads, and it reads until TCP ends. */
  readonly _parent?: { readonly readStart?: () => number };
};

/** libuv's codes are the system's, negated. */
const alreadyReading = -constants.errno.EALREADY;

/**
 * Calls `onTruncated` when the other side ends without close_notify: whoever is in between can cut a connection so, and only
 * close_notify says that nothing is lacking. Called before the socket's `end`. `reads`: nobody has
 * stopped the socket from reading behind its back. RFC 8446 section 6.1. Where this Node has no such
 * interface, ends pass for whole ones.
 */
export function watchForTruncation(socket: TLSSocket, reads: () => boolean, onTruncated: () => void): void {
  const push = socket.push;
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && reads() && endsWithTcp(socket)) onTruncated();
    return push.call(socket, chunk, encoding);
  };
}

function endsWithTcp(socket: TLSSocket): boolean {
  const handle = (socket as unknown as { readonly _handle?: TlsHandle | null })._handle;
  const tcp = handle?._parent;
  if (handle?.reading !== true || typeof tcp?.readStart !== "function") return false;
  return tcp.readStart() !== alreadyReading;
}
