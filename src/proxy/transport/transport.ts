/**
 * A byte stream as the engine sees it, whatever is underneath. The engine reads and writes ranges of buffers; nothing is
 * queued beyond what the receiver of a `false` or of `congested` lets in.
 */
export interface Transport {
  /** Closed from our side or gone: writes are ignored, no further event comes but `onClose`. */
  readonly closed: boolean;
  /**
   * The other side ended TLS without saying that it was done (close_notify): what came may lack its end. Known at `onEnd`; never
   * true of a clear stream. RFC 8446 section 6.1.
   */
  readonly truncated: boolean;
  /** More is queued than the other side takes: stop producing until `onDrain`. */
  readonly congested: boolean;
  /** Bytes accepted and not yet handed to the system. */
  readonly queuedBytes: number;
  /**
   * Sends `buffer[start, end)`. True: the bytes have been taken over and the buffer may be reused at once. False: the
   * buffer is still being read from and must be left alone (for good: let go of it).
   */
  write(buffer: Buffer, start: number, end: number): boolean;
  /** Tells `events` instead of whoever was told so far. */
  handTo(events: TransportEvents): void;
  /** Stops reading; at most one read that is already under way still arrives. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then half-closes. */
  end(): void;
  /** Drops everything, at once. */
  destroy(): void;
  /** Like `destroy`, but tells the other side that the stream broke (TCP reset where there is one). */
  reset(): void;
}

/** A connection that is silent this long is probed by the system: a peer that is gone is noticed where no timeout would. */
export const probeAfterMs = 60_000;

/** What a transport tells its owner. */
export interface TransportEvents {
  /** Bytes that are valid during the call only, unless `ownedReads` of the transport says otherwise. */
  onData(buffer: Buffer, start: number, end: number): void;
  /** The other side half-closed. */
  onEnd(): void;
  /** After `congested`: there is room again. */
  onDrain(): void;
  /** Gone, for whatever reason. Last event, called once. */
  onClose(error: Error | undefined): void;
  /** A handler of these events threw; the connection is being closed. */
  onBug?(error: unknown): void;
}
