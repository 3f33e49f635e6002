/** How both ends of a stream tell a silent peer from a quiet one. */
export type StreamTiming = {
  /** Between two signs of life. Milliseconds. */
  readonly pingMs: number;
  /** A peer of which nothing has been heard for so long is given up. Milliseconds. */
  readonly silenceMs: number;
};

export const defaultTiming: StreamTiming = { pingMs: 3_000, silenceMs: 10_000 };
