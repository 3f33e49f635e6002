import type { Http2Session } from "./session.ts";

/** What became of each direction; a stream is gone when both are over. */
type Half = "open" | "closed";

/** One stream of a session. RFC 9113 section 5. `owner` is whatever the session's user hangs on it. */
export class Http2Stream<Owner> {
  readonly id: number;
  readonly session: Http2Session<Owner>;
  owner: Owner | undefined;
  remote: Half = "open";
  local: Half = "open";
  /** Bytes that we may still send; negative after the peer shrank its initial window. */
  sendWindow: number;
  /** Bytes that the peer may still send. */
  receiveWindow: number;
  /** Consumed and not yet given back to the peer. */
  unannounced = 0;
  /** The peer's first header block was seen (server: request; client: the final response). */
  sawHeaders = false;
  /** We ran out of window: `onWritable` is due. */
  blocked = false;

  constructor(session: Http2Session<Owner>, id: number, windows: { readonly send: number; readonly receive: number }) {
    this.session = session;
    this.id = id;
    this.sendWindow = windows.send;
    this.receiveWindow = windows.receive;
  }

  get closed(): boolean {
    return this.remote === "closed" && this.local === "closed";
  }
}
