import {
  asciiBytes,
  BACKSLASH,
  BROWSER_QUERY,
  CR,
  DOT,
  equalsLower,
  LF,
  PATH,
  QUESTION,
  SLASH,
  SPACE,
  sameText,
  TARGET,
  TOKEN,
} from "./ascii.ts";
import { faults } from "./fault.ts";
import { parseFieldLines } from "./field-lines.ts";
import { canonicalHost, hostNameEnd, portAfter } from "./host.ts";
import { RequestField, requestFields } from "./known-field.ts";
import { defaultHeadLimits, type HeadLimits, LINE_SLOTS, MessageHead, Stage, valueIs } from "./message-head.ts";
import { methodName } from "./method.ts";
import { type NormalPath, normalizePath } from "./path.ts";

/** Longest method read. The longest registered one has 17 bytes. */
export const MAX_METHOD_BYTES = 32;
/** ` HTTP/1.1` and CR LF. */
const LINE_TAIL_BYTES = 11;
const STAR = 42;
const HTTP_1 = asciiBytes("HTTP/1.");
const MAJOR_AT = 5;
const CONTINUE = asciiBytes("100-continue");
const CONNECT = asciiBytes("CONNECT");
const OPTIONS = asciiBytes("OPTIONS");
const HTTP_URL = asciiBytes("http://");
const HTTPS_URL = asciiBytes("https://");

/** Bounds on a request head, and what is let through that most gateways have no use for. */
export type RequestLimits = HeadLimits & {
  /** `accept` reads CONNECT with its authority-form; `refuse`, the default, answers 405. */
  readonly connect: "refuse" | "accept";
  /**
   * `strict`, the default, refuses the characters that RFC 3986 wants escaped in a query; `browser` lets through the seven
   * that browsers send unescaped there: backslash, `^`, backquote, `{`, `|`, `}`.
   */
  readonly query: "strict" | "browser";
};

export const defaultRequestLimits: RequestLimits = { ...defaultHeadLimits, connect: "refuse", query: "strict" };

/** How the target was written. RFC 9112 §3.2. */
export type TargetForm = "origin" | "absolute" | "authority" | "asterisk";

/** Head of one request. See {@link MessageHead} for how long its offsets hold. */
export class RequestHead extends MessageHead {
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  form: TargetForm = "origin";
  /** Scheme of an absolute-form target, `""` for other forms. */
  scheme: "" | "http" | "https" = "";
  /** Path without query, as sent. Empty for `http://host`. */
  pathStart = 0;
  /** Offset of `?`, or `targetEnd`. Bytes from here to `targetEnd` are the query with its `?`. */
  pathEnd = 0;
  /** The path needs `normalizePath`: it is empty, or may have another normal form than the one that was sent. */
  pathOdd = false;
  /** What the last {@link path} found of an odd path; `undefined`: all its forms are the one that was sent. */
  oddPath: NormalPath | undefined;
  /** Host with port, from the target when it names one. Empty range when HTTP/1.0 sends none. */
  hostStart = 0;
  hostEnd = 0;
  /** End of the host without port. */
  hostNameEnd = 0;
  /** Port of Host; -1 when it has none. */
  hostPort = -1;
  /** The client waits for `100 Continue`. Never set for HTTP/1.0. */
  expectContinue = false;

  constructor() {
    super(requestFields);
  }

  /** Method; no string is made for the registered ones. */
  method(bytes: Buffer): string {
    return methodName(bytes, this.methodStart, this.methodEnd);
  }

  /** Host without port, lower case, without trailing dot. `""` when HTTP/1.0 sends none. Makes a string. */
  host(bytes: Buffer): string {
    return canonicalHost(bytes, this.hostStart, this.hostNameEnd);
  }

  /**
   * Path in the form that is matched, or the code of a fault (a negative number); its other forms are in {@link oddPath}. Makes a
   * string. `*` for an `asterisk` target; not meaningful for `authority`.
   */
  path(bytes: Buffer): string | number {
    this.oddPath = undefined;
    if (!this.pathOdd) return bytes.latin1Slice(this.pathStart, this.pathEnd);
    const normal = normalizePath(bytes, this.pathStart, this.pathEnd);
    if (typeof normal === "number") return normal;
    this.oddPath = normal;
    return normal.path;
  }

  /** Query without `?`, as sent; `""` when there is none. Makes a string. */
  query(bytes: Buffer): string {
    return this.pathEnd < this.targetEnd ? bytes.toString("latin1", this.pathEnd + 1, this.targetEnd) : "";
  }

  protected override shift(by: number): void {
    super.shift(by);
    this.methodStart += by;
    this.methodEnd += by;
    this.targetStart += by;
    this.targetEnd += by;
    this.pathStart += by;
    this.pathEnd += by;
    this.hostStart += by;
    this.hostEnd += by;
    this.hostNameEnd += by;
  }
}

/**
 * Reads a request head from `bytes[start..end)` into `head`. Returns the offset after it, 0 when more bytes are needed, or a
 * negative code (see `faultOf`) after which the connection must be closed.
 *
 * A head that came in part is continued by calling again with the same `head` and all bytes since `start`, which may have
 * moved within or between buffers; only new bytes are read again, whole lines never. The verdict depends on the bytes alone,
 * never on how they were cut: a line is judged when its LF has come or a limit is reached.
 */
export function parseRequestHead(
  bytes: Buffer,
  start: number,
  end: number,
  head: RequestHead,
  limits: RequestLimits = defaultRequestLimits,
): number {
  if (start >= end) return 0;
  if (head.stage === Stage.fresh) head.begin(start);
  else {
    head.moveTo(start);
    if (head.mustWait(bytes, end, lineLimit(head, limits))) return 0;
  }
  if (head.stage === Stage.firstLine) {
    const result = firstLine(bytes, end, head, limits);
    if (result <= 0) return result;
  }
  const limit = lineLimit(head, limits);
  const result = parseFieldLines(bytes, Math.min(end, limit), head, limits.maxFields);
  if (result <= 0) return head.settle(bytes, result, end, limit, faults.headTooLarge.code);
  head.stage = Stage.fresh;
  const fault = finish(bytes, head);
  return fault < 0 ? fault : result;
}

/** Where the line being read must have ended. */
function lineLimit(head: RequestHead, limits: RequestLimits): number {
  const headLimit = head.start + limits.maxHeadBytes;
  if (head.stage === Stage.fields) return headLimit;
  return Math.min(headLimit, head.at + MAX_METHOD_BYTES + 1 + limits.maxTargetBytes + LINE_TAIL_BYTES);
}

/** Reads up to the end of the request line. Returns the offset after it, 0, or a fault. */
function firstLine(bytes: Buffer, end: number, head: RequestHead, limits: RequestLimits): number {
  if (head.at === head.start && bytes[head.at] === CR) {
    if (head.at + 1 >= end) return 0;
    if (bytes[head.at + 1] !== LF) return head.refuse(faults.bareCarriageReturn.code);
    head.at += 2;
    if (head.at >= end) return 0;
  }
  const first = bytes[head.at]!;
  if (TOKEN[first] !== 1) return head.refuse(firstByteFault(first, head.at > head.start));
  const limit = lineLimit(head, limits);
  const result = requestLine(bytes, Math.min(end, limit), head, limits);
  if (result <= 0) return head.settle(bytes, result, end, limit, faults.targetTooLong.code);
  head.at = result;
  head.runStart = result;
  head.stage = Stage.fields;
  return result;
}

/** Judged before the line is complete, so that a TLS client on a plain port need not wait for a time-out. */
function firstByteFault(byte: number, afterEmptyLine: boolean): number {
  if (byte === CR || (byte === LF && afterEmptyLine)) return faults.leadingLines.code;
  return byte === LF ? faults.bareLineFeed.code : faults.notHttp.code;
}

/** `method SP target SP version CR LF`, nothing else. */
function requestLine(bytes: Buffer, stop: number, head: RequestHead, limits: RequestLimits): number {
  let i = head.at;
  head.methodStart = i;
  while (i < stop && TOKEN[bytes[i]!] === 1) i++;
  head.methodEnd = i;
  if (i - head.methodStart > MAX_METHOD_BYTES) return faults.methodTooLong.code;
  if (i >= stop) return 0;
  if (bytes[i] !== SPACE) return lineEndFault(bytes[i]!, faults.methodInvalid.code);
  i++;

  const targetStart = i;
  i = scanTarget(bytes, i, stop, head, limits);
  if (i - targetStart > limits.maxTargetBytes) return faults.targetTooLong.code;
  if (i >= stop) return 0;
  if (bytes[i] !== SPACE) return lineEndFault(bytes[i]!, targetFault(bytes[i]!));
  if (i === targetStart) return faults.requestLine.code;
  head.targetStart = targetStart;
  head.targetEnd = i;
  head.pathStart = targetStart;
  i++;

  for (let k = 0; k < HTTP_1.length; k++, i++) {
    if (i >= stop) return 0;
    if (bytes[i] !== HTTP_1[k]) {
      return k === MAJOR_AT && isDigit(bytes[i]!)
        ? faults.version.code
        : lineEndFault(bytes[i]!, faults.requestLine.code);
    }
  }
  if (i >= stop) return 0;
  const minor = bytes[i]! - 48;
  if (minor !== 0 && minor !== 1) {
    return isDigit(bytes[i]!) ? faults.version.code : lineEndFault(bytes[i]!, faults.requestLine.code);
  }
  i++;
  if (i >= stop) return 0;
  if (bytes[i] !== CR) return lineEndFault(bytes[i]!, faults.requestLine.code);
  if (i + 1 >= stop) return 0;
  if (bytes[i + 1] !== LF) return faults.bareCarriageReturn.code;
  head.minor = minor;
  const fault = readTarget(bytes, head, limits);
  return fault < 0 ? fault : i + 2;
}

/** What is found of a target on the way through it; see {@link RequestHead}. */
export type TargetParts = Pick<RequestHead, "pathEnd" | "pathOdd">;

/** Goes through a target as far as its characters may stand in one, and finds its path. Returns the offset behind them; looks one byte ahead. */
export function scanTarget(
  bytes: Buffer,
  start: number,
  stop: number,
  parts: TargetParts,
  limits: Pick<RequestLimits, "query">,
): number {
  let i = start;
  let odd = false;
  while (i < stop) {
    const kind = PATH[bytes[i]!]!;
    if (kind === 0) break;
    if (kind === 2 || (bytes[i] === SLASH && (bytes[i + 1] === SLASH || bytes[i + 1] === DOT))) odd = true;
    i++;
  }
  parts.pathEnd = i;
  parts.pathOdd = odd;
  const query = limits.query === "browser" ? BROWSER_QUERY : TARGET;
  if (i < stop && bytes[i] === QUESTION) while (i < stop && query[bytes[i]!] === 1) i++;
  return i;
}

/** The fault of a target with this byte in it, which may not stand there. */
export function targetFault(byte: number): number {
  return byte === BACKSLASH ? faults.pathBackslash.code : faults.targetInvalid.code;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** A line that ends too early is named for its ending when that is a bare LF; otherwise `fault` stands. */
function lineEndFault(byte: number, fault: number): number {
  if (byte === LF) return faults.bareLineFeed.code;
  return byte === CR ? faults.requestLine.code : fault;
}

/** Judges the form of the target and finds its parts. Returns 0 or a fault. RFC 9112 §3.2. */
function readTarget(bytes: Buffer, head: RequestHead, limits: RequestLimits): number {
  head.scheme = "";
  head.hostStart = head.hostEnd = head.hostNameEnd = 0;
  if (methodIs(bytes, head, CONNECT)) {
    if (limits.connect === "refuse") return faults.connect.code;
    head.form = "authority";
    return readAuthority(bytes, head, head.targetStart, head.targetEnd);
  }
  const first = bytes[head.targetStart]!;
  if (first === SLASH) {
    head.form = "origin";
    return 0;
  }
  if (first === STAR && head.targetEnd === head.targetStart + 1) {
    head.form = "asterisk";
    return methodIs(bytes, head, OPTIONS) ? 0 : faults.asterisk.code;
  }
  return readAbsolute(bytes, head);
}

function methodIs(bytes: Buffer, head: RequestHead, name: Uint8Array): boolean {
  if (head.methodEnd - head.methodStart !== name.length) return false;
  // Methods are case-sensitive: `connect` in lower case is another method, and none that exists.
  for (let i = 0; i < name.length; i++) if (bytes[head.methodStart + i] !== name[i]) return false;
  return true;
}

function readAbsolute(bytes: Buffer, head: RequestHead): number {
  const scheme = startsWith(bytes, head, HTTP_URL)
    ? HTTP_URL
    : startsWith(bytes, head, HTTPS_URL)
      ? HTTPS_URL
      : undefined;
  if (scheme === undefined) return faults.targetForm.code;
  head.form = "absolute";
  head.scheme = scheme === HTTP_URL ? "http" : "https";
  const authorityStart = head.targetStart + scheme.length;
  let i = authorityStart;
  while (i < head.pathEnd && bytes[i] !== SLASH) i++;
  head.pathStart = i;
  // Written by a proxy's client: rare enough to leave the judgement to the slow path.
  head.pathOdd = true;
  return readAuthority(bytes, head, authorityStart, i);
}

function startsWith(bytes: Buffer, head: RequestHead, lower: Uint8Array): boolean {
  return head.targetEnd - head.targetStart >= lower.length && equalsLower(bytes, head.targetStart, lower);
}

function readAuthority(bytes: Buffer, head: RequestHead, start: number, end: number): number {
  const nameEnd = hostNameEnd(bytes, start, end);
  if (nameEnd < 0) return faults.targetAuthority.code;
  if (head.form === "authority" && nameEnd === end) return faults.targetAuthority.code;
  head.hostStart = start;
  head.hostEnd = end;
  head.hostNameEnd = nameEnd;
  return 0;
}

/** The checks of a complete request head. Returns 0 or a fault. */
function finish(bytes: Buffer, head: RequestHead): number {
  const host = head.first[RequestField.host]!;
  if (head.isRepeated(RequestField.host)) return faults.hostRepeated.code;
  if (host < 0) {
    if (head.minor === 1) return faults.hostMissing.code;
  } else if (head.minor === 1 || head.lines[host * LINE_SLOTS + 2] !== head.lines[host * LINE_SLOTS + 3]) {
    // HTTP/1.0 need not name a host, so an empty one is none.
    const start = head.lines[host * LINE_SLOTS + 2]!;
    const end = head.lines[host * LINE_SLOTS + 3]!;
    const nameEnd = hostNameEnd(bytes, start, end);
    if (nameEnd < 0) return faults.hostInvalid.code;
    if (head.hostEnd > head.hostStart && !sameText(bytes, head.hostStart, head.hostEnd, start, end)) {
      return faults.hostDisagrees.code;
    }
    head.hostStart = start;
    head.hostEnd = end;
    head.hostNameEnd = nameEnd;
  }
  head.hostPort = portAfter(bytes, head.hostNameEnd, head.hostEnd);
  return readExpect(bytes, head);
}

/** Anything but one `100-continue` cannot be met. HTTP/1.0 knows no Expect: it is left out. RFC 9110 §10.1.1. */
function readExpect(bytes: Buffer, head: RequestHead): number {
  const line = head.first[RequestField.expect]!;
  head.expectContinue = false;
  if (line < 0 || head.minor === 0) return 0;
  if (head.isRepeated(RequestField.expect) || !valueIs(head, bytes, line, CONTINUE)) return faults.expectation.code;
  head.expectContinue = true;
  return 0;
}
