import { CGI_FOLD, equalsLower, LF, LOWERCASE } from "./ascii.ts";
import { isClientClaim } from "./client-claim.ts";
import { consistsOf } from "./field-name.ts";
import { type FieldTable, knownField } from "./known-field.ts";

/** Bounds on one head. */
export type HeadLimits = {
  /** From the first byte to the empty line, both included. Default 32 KiB. More is a 431. */
  readonly maxHeadBytes: number;
  /** Request target. Default 8 KiB. More is a 414. */
  readonly maxTargetBytes: number;
  /** Header lines. Default 128. More is a 431. */
  readonly maxFields: number;
};

/** What a request may use when nothing else is configured. */
export const defaultHeadLimits: HeadLimits = { maxHeadBytes: 32_768, maxTargetBytes: 8_192, maxFields: 128 };

/** Where a parser stands between two segments of one head. */
export const Stage = {
  /** Nothing read, or the last head is complete. */
  fresh: 0,
  /** Before or in the first line. */
  firstLine: 1,
  /** In the header lines. */
  fields: 2,
} as const;
export type Stage = (typeof Stage)[keyof typeof Stage];

/** Numbers that {@link MessageHead.lines} keeps for each header line. */
export const LINE_SLOTS = 4;
const FIRST_LINES = 32;
/** Connection options besides `close`, `keep-alive`, `upgrade` and `te` that one head may carry. */
export const MAX_NOMINATED = 16;

/**
 * One parsed head as offsets into the buffer it was parsed from. Reused message after message: it grows to the largest head
 * seen (at most the limits) and allocates nothing after that. Offsets are absolute and hold until the buffer is reused.
 */
export class MessageHead {
  readonly table: FieldTable;
  /** First byte of the message (an empty line before a request included). */
  start = 0;
  /** One past the empty line. Set when the head is complete. */
  end = 0;
  /** Minor version: HTTP/1.0 or HTTP/1.1. */
  minor: 0 | 1 = 1;
  /** -1 without Content-Length. */
  contentLength = -1;
  chunked = false;
  /** The sender will close, or asks to. Versions and both tokens are judged: `!close` means the connection may stay. */
  close = false;
  /** `Connection: upgrade` together with exactly one Upgrade line, whose value is at `first[RequestField.upgrade]`. */
  upgrade = false;
  /** Header lines read. */
  lineCount = 0;
  /** Four offsets a line: name start, name end, value start, value end (white space around the value left out). */
  lines: Int32Array = new Int32Array(FIRST_LINES * LINE_SLOTS);
  /** Kept byte ranges, start and end by turns: whole canonical header lines, without what concerns only this connection. */
  runs: Int32Array = new Int32Array(FIRST_LINES);
  /** Numbers used in {@link runs}: twice the number of ranges. */
  runLength = 0;
  /** Index of the first line of each known field, -1 when absent. */
  readonly first: Int16Array;
  /** Bit `id` is set when that known field came more than once. */
  repeated = 0;
  /** A field that only a proxy in front may send has come (see `isClientClaim`). */
  claims = false;

  // Parser state: Connection tokens of this head, and where to go on when a head comes in pieces.
  keepAliveToken = false;
  closeToken = false;
  upgradeToken = false;
  nominatedCount = 0;
  readonly nominated: Int32Array = new Int32Array(MAX_NOMINATED * 2);
  stage: Stage = Stage.fresh;
  /** First byte of the line being read. */
  at = 0;
  /** The line being read has no LF before this offset. */
  scanned = 0;
  /** First byte of the run being collected. */
  runStart = 0;

  constructor(table: FieldTable) {
    this.table = table;
    this.first = new Int16Array(table.names.length).fill(-1);
  }

  /** Forgets a head that came in part. Needed only when the next bytes belong to another message. */
  reset(): void {
    this.stage = Stage.fresh;
  }

  /** True when a known field came more than once. */
  isRepeated(field: number): boolean {
    return (this.repeated & (1 << field)) !== 0;
  }

  /** First value of a known field; `undefined` when absent. Makes a string. */
  value(bytes: Buffer, field: number): string | undefined {
    const line = this.first[field]!;
    return line < 0 ? undefined : this.lineValue(bytes, line);
  }

  /** Value of one header line. Makes a string. */
  lineValue(bytes: Buffer, line: number): string {
    const slot = line * LINE_SLOTS;
    return bytes.toString("latin1", this.lines[slot + 2]!, this.lines[slot + 3]!);
  }

  /** Name of one header line in lower case. Makes a string. */
  lineName(bytes: Buffer, line: number): string {
    const slot = line * LINE_SLOTS;
    return bytes.toString("latin1", this.lines[slot]!, this.lines[slot + 1]!).toLowerCase();
  }

  /**
   * Value of a header by lower-case name, several lines joined with `, ` (cookies with `; `); `undefined` when absent. Reads
   * every line: for matchers and filters, not for each request.
   */
  header(bytes: Buffer, name: string): string | undefined {
    let joined: string | undefined;
    for (let line = 0; line < this.lineCount; line++) {
      if (!this.lineIs(bytes, line, name)) continue;
      const value = this.lineValue(bytes, line);
      joined = joined === undefined ? value : `${joined}${name === "cookie" ? "; " : ", "}${value}`;
    }
    return joined;
  }

  /** True when the line's name is `name` (lower case). */
  lineIs(bytes: Buffer, line: number, name: string): boolean {
    const start = this.lines[line * LINE_SLOTS]!;
    if (this.lines[line * LINE_SLOTS + 1]! - start !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      if (LOWERCASE[bytes[start + i]!] !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Takes every line with this name (lower case) out of the kept runs. `header` still finds it. */
  dropField(bytes: Buffer, name: string): void {
    for (let line = 0; line < this.lineCount; line++) {
      if (this.lineIs(bytes, line, name)) this.dropLine(line);
    }
  }

  /** As {@link dropField}, for every name that reads like this one where underscores stand for hyphens. */
  dropAliases(bytes: Buffer, name: string): void {
    for (let line = 0; line < this.lineCount; line++) {
      const start = this.lines[line * LINE_SLOTS]!;
      if (this.lines[line * LINE_SLOTS + 1]! - start !== name.length) continue;
      let i = 0;
      while (i < name.length && CGI_FOLD[bytes[start + i]!] === CGI_FOLD[name.charCodeAt(i)]) i++;
      if (i === name.length) this.dropLine(line);
    }
  }

  /** Takes every line with this name (lower case, of no known field) out of the head: nothing finds it any more. */
  forgetField(bytes: Buffer, name: string): void {
    for (let line = this.lineCount - 1; line >= 0; line--) {
      if (this.lineIs(bytes, line, name)) this.forgetLine(line);
    }
  }

  /** Takes every field that only a proxy in front may send, and that is not known, out of the head. */
  forgetClaims(bytes: Buffer): void {
    for (let line = this.lineCount - 1; line >= 0; line--) {
      const start = this.lines[line * LINE_SLOTS]!;
      const end = this.lines[line * LINE_SLOTS + 1]!;
      if (isClientClaim(bytes, start, end) && knownField(this.table, bytes, start, end) < 0) this.forgetLine(line);
    }
    this.claims = false;
  }

  /** Takes every field whose name has a byte that `allowed` lacks (no known one has) out of the head. */
  forgetNames(bytes: Buffer, allowed: Uint8Array): void {
    for (let line = this.lineCount - 1; line >= 0; line--) {
      const slot = line * LINE_SLOTS;
      if (!consistsOf(allowed, bytes, this.lines[slot]!, this.lines[slot + 1]!)) this.forgetLine(line);
    }
  }

  private forgetLine(line: number): void {
    this.dropLine(line);
    this.lineCount--;
    this.lines.copyWithin(line * LINE_SLOTS, (line + 1) * LINE_SLOTS, (this.lineCount + 1) * LINE_SLOTS);
    for (let id = 0; id < this.first.length; id++) if (this.first[id]! > line) this.first[id]!--;
  }

  /** Takes one line out of the kept runs; nothing happens when it is not in one. */
  dropLine(line: number): void {
    const from = this.lines[line * LINE_SLOTS]!;
    const to = line + 1 < this.lineCount ? this.lines[(line + 1) * LINE_SLOTS]! : this.end - 2;
    const before = this.runs.slice(0, this.runLength);
    this.runLength = 0;
    for (let i = 0; i < before.length; i += 2) {
      const start = before[i]!;
      const end = before[i + 1]!;
      this.pushRun(start, Math.min(end, from));
      this.pushRun(Math.max(start, to), end);
    }
  }

  /** Keeps a range; an empty one is no range. */
  pushRun(start: number, end: number): void {
    if (start >= end) return;
    if (this.runLength + 2 > this.runs.length) this.runs = grown(this.runs);
    this.runs[this.runLength++] = start;
    this.runs[this.runLength++] = end;
  }

  /** Records a header line and returns its index. */
  pushLine(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): number {
    const slot = this.lineCount * LINE_SLOTS;
    if (slot + LINE_SLOTS > this.lines.length) this.lines = grown(this.lines);
    const lines = this.lines;
    lines[slot] = nameStart;
    lines[slot + 1] = nameEnd;
    lines[slot + 2] = valueStart;
    lines[slot + 3] = valueEnd;
    return this.lineCount++;
  }

  /** Makes ready for a new message. */
  begin(start: number): void {
    this.start = start;
    this.at = start;
    this.scanned = start;
    this.end = 0;
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.upgrade = false;
    this.lineCount = 0;
    this.runLength = 0;
    this.repeated = 0;
    this.claims = false;
    this.first.fill(-1);
    this.keepAliveToken = false;
    this.closeToken = false;
    this.upgradeToken = false;
    this.nominatedCount = 0;
    this.stage = Stage.firstLine;
  }

  /** Becomes a copy of another complete head; its offsets are still those into the other's buffer. */
  protected copyFrom(other: MessageHead): void {
    this.start = other.start;
    this.end = other.end;
    this.minor = other.minor;
    this.contentLength = other.contentLength;
    this.chunked = other.chunked;
    this.close = other.close;
    this.upgrade = other.upgrade;
    this.lineCount = other.lineCount;
    this.lines = other.lines.slice();
    this.runs = other.runs.slice();
    this.runLength = other.runLength;
    this.first.set(other.first);
    this.repeated = other.repeated;
    this.claims = other.claims;
    this.nominatedCount = 0;
  }

  /** Follows a head in part to another place: the caller has moved its bytes so that they begin at `start`. */
  moveTo(start: number): void {
    if (start !== this.start) this.shift(start - this.start);
  }

  /** Adds `by` to every offset. */
  protected shift(by: number): void {
    this.start += by;
    this.at += by;
    this.scanned += by;
    this.runStart += by;
    for (let i = 0; i < this.lineCount * LINE_SLOTS; i++) this.lines[i]! += by;
    for (let i = 0; i < this.runLength; i++) this.runs[i]! += by;
    for (let i = 0; i < this.nominatedCount * 2; i++) this.nominated[i]! += by;
  }

  /** True when a head in part has no new line and no reached limit to judge. */
  mustWait(bytes: Buffer, end: number, limit: number): boolean {
    // Nothing of this line was looked at yet: the parser itself is the scan.
    if (this.scanned <= this.at || end >= limit) return false;
    return !this.lineArrived(bytes, end);
  }

  /**
   * The verdict on a line for which a parser returned `result` (0: ran out of bytes, or a fault). A line whose LF has not come
   * is not judged before `limit` is reached; so the verdict does not depend on how the bytes were cut.
   */
  settle(bytes: Buffer, result: number, end: number, limit: number, limitFault: number): number {
    if (end >= limit) return this.refuse(result < 0 ? result : limitFault);
    if (result < 0 && this.lineArrived(bytes, end)) return this.refuse(result);
    this.scanned = end;
    return 0;
  }

  /** Ends the reading of this head with a fault. */
  refuse(fault: number): number {
    this.stage = Stage.fresh;
    return fault;
  }

  /** True when the line being read has its LF before `stop`. Looks at each byte once over all calls. */
  private lineArrived(bytes: Buffer, stop: number): boolean {
    for (let i = Math.max(this.scanned, this.at); i < stop; i++) {
      if (bytes[i] === LF) {
        this.scanned = i;
        return true;
      }
    }
    this.scanned = stop;
    return false;
  }
}

/** True when the value of a line is `lower`, letter case aside. */
export function valueIs(head: MessageHead, bytes: Buffer, line: number, lower: Uint8Array): boolean {
  const start = head.lines[line * LINE_SLOTS + 2]!;
  const end = head.lines[line * LINE_SLOTS + 3]!;
  return end - start === lower.length && equalsLower(bytes, start, lower);
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
