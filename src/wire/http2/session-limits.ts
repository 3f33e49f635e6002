export type SessionLimits = {
  /** Streams that the peer may have open at a time. */
  readonly maxConcurrentStreams: number;
  /** Receive window of a stream, in bytes. */
  readonly streamWindowBytes: number;
  /** Receive window of the connection, in bytes. */
  readonly connectionWindowBytes: number;
  /** Of one header block, uncompressed, as the specification counts it (name + value + 32 each), in bytes. */
  readonly headerListBytes: number;
  /** Fields of one header block, pseudo-headers included. */
  readonly headerCount: number;
  /** Frames that one header block may be spread over. */
  readonly continuationFrames: number;
};
