import { type FrameHeader, frameFlag } from "./frame.ts";

/** Payload of a frame without its padding; a negative end says that the padding is malformed. RFC 9113 section 6.1. */
export function unpad(
  header: FrameHeader,
  bytes: Buffer,
  start: number,
  end: number,
): readonly [start: number, end: number] {
  if ((header.flags & frameFlag.padded) === 0) return [start, end];
  if (start === end) return [start, -1];
  const padding = bytes[start] as number;
  return padding > end - start - 1 ? [start, -1] : [start + 1, end - padding];
}
