import type { FrameOutput } from "./frame-output.ts";
import type { PeerFaults } from "./peer-faults.ts";
import type { SessionEvents } from "./session-events.ts";
import type { SessionLimits } from "./session-limits.ts";

/** What the peer allows us: its SETTINGS so far. RFC 9113 section 6.5.2. */
export type PeerSettings = {
  maxConcurrentStreams: number;
  /** Send window of a new stream, in bytes. */
  initialWindow: number;
  maxFrameBytes: number;
  /** RFC 8441. */
  connectProtocol: boolean;
};

/** What the parts of one session share. */
export type SessionCore<Owner> = {
  readonly role: "server" | "client";
  readonly limits: SessionLimits;
  readonly events: SessionEvents<Owner>;
  readonly peer: PeerSettings;
  readonly output: FrameOutput;
  readonly faults: PeerFaults;
};
