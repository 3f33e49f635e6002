import { asciiBytes } from "../../wire/http1/ascii.ts";

/** What HTTP/1.1 reads of the preface of HTTP/2 before it sees that this is no request of its own. RFC 9113 §3.4. */
const prefaceLine = asciiBytes("PRI * HTTP/2.0\r\n");

/** First lines of other protocols are short. */
const foreignLineBytes = 256;

/** `bytes[start, end)` begins as a client of HTTP/2 does. RFC 9113 §3.4. */
export function isPreface(bytes: Buffer, start: number, end: number): boolean {
  return end - start >= prefaceLine.length && prefaceLine.every((byte, i) => bytes[start + i] === byte);
}

/** The first line ends in the name of another protocol (RTSP, SIP, a broken preface): an answer in HTTP means nothing to it. */
export function isForeign(bytes: Buffer, start: number, end: number): boolean {
  const [line = ""] = bytes.latin1Slice(start, Math.min(end, start + foreignLineBytes)).split("\r\n");
  const words = line.split(" ");
  return words.length === 3 && words[2] !== "" && !/^HTTP/i.test(words[2]!);
}
