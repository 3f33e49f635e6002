import { asciiBytes, CR, FIELD_VALUE, LF, SPACE } from "./ascii.ts";
import { faults } from "./fault.ts";
import { parseFieldLines } from "./field-lines.ts";
import { responseFields } from "./known-field.ts";
import { type HeadLimits, MessageHead, Stage } from "./message-head.ts";

const HTTP_1 = asciiBytes("HTTP/1.");
const MAJOR_AT = 5;

/** Bounds on what an upstream may send: wider than a request's, since large cookies are set here. */
export const defaultResponseLimits: HeadLimits = { maxHeadBytes: 65_536, maxTargetBytes: 0, maxFields: 256 };

/** Where the body of a response ends. RFC 9112 §6.3. */
export type ResponseBody = "none" | "length" | "chunked" | "untilClose";

/** Head of one response. See {@link MessageHead} for how long its offsets hold. */
export class ResponseHead extends MessageHead {
  /** 100 to 599. */
  status = 0;

  constructor() {
    super(responseFields);
  }

  /** A head of its own with the same lines, and a copy of its bytes: for whoever needs it after the call that it was shown in. */
  detach(bytes: Buffer): { readonly bytes: Buffer; readonly head: ResponseHead } {
    const head = new ResponseHead();
    head.copyFrom(this);
    head.status = this.status;
    const own = Buffer.from(bytes.subarray(this.start, this.end));
    head.shift(-this.start);
    head.end = own.length;
    return { bytes: own, head };
  }

  /** How the body is delimited, given the method of the request: the head alone does not say. */
  body(requestMethod: string): ResponseBody {
    if (requestMethod === "HEAD" || this.status < 200 || this.status === 204 || this.status === 304) return "none";
    if (this.chunked) return "chunked";
    if (this.contentLength >= 0) return this.contentLength === 0 ? "none" : "length";
    return "untilClose";
  }

  /**
   * Whether a sender that goes by the head alone could have a body follow where none does: that of an answer to HEAD, or of a 304
   * with a length. What came late would pass for the next answer.
   */
  mayBeFollowed(requestMethod: string): boolean {
    if (this.body(requestMethod) !== "none") return false;
    return this.chunked || this.contentLength > 0 || this.body("GET") !== "none";
  }
}

/**
 * Reads a response head; returns and continues as `parseRequestHead` does. Whatever the fault, the client gets a 502. Interim
 * responses (1xx) are heads like any other: the caller passes them on or skips them, and refuses a 101 it has not asked for.
 */
export function parseResponseHead(
  bytes: Buffer,
  start: number,
  end: number,
  head: ResponseHead,
  limits: HeadLimits = defaultResponseLimits,
): number {
  if (start >= end) return 0;
  const limit = start + limits.maxHeadBytes;
  const stop = Math.min(end, limit);
  if (head.stage === Stage.fresh) head.begin(start);
  else {
    head.moveTo(start);
    if (head.mustWait(bytes, end, limit)) return 0;
  }
  if (head.stage === Stage.firstLine) {
    const result = statusLine(bytes, stop, head);
    if (result <= 0) return head.settle(bytes, result, end, limit, faults.headTooLarge.code);
    head.at = result;
    head.runStart = result;
    head.stage = Stage.fields;
  }
  const result = parseFieldLines(bytes, stop, head, limits.maxFields);
  if (result <= 0) return head.settle(bytes, result, end, limit, faults.headTooLarge.code);
  head.stage = Stage.fresh;
  if (head.status === 101 && !head.upgrade) return faults.switchIncomplete.code;
  if (bodiless(head.status) && (head.chunked || head.contentLength > 0)) {
    // RFC 9112 §6.3 says that no body follows. An upstream that announces one may send it all the same: read no further.
    head.close = true;
  }
  return result;
}

/** Responses that announce no body at all; a 304 may carry the length of what it stands for. RFC 9110 §8.6. */
function bodiless(status: number): boolean {
  return status < 200 || status === 204;
}

/** `version SP status [SP reason] CR LF`. The space before an empty reason is often forgotten; that is unambiguous. */
function statusLine(bytes: Buffer, stop: number, head: ResponseHead): number {
  let i = head.at;
  for (let k = 0; k < HTTP_1.length; k++, i++) {
    if (i >= stop) return 0;
    if (bytes[i] !== HTTP_1[k]) {
      return k === MAJOR_AT && isDigit(bytes[i]!) ? faults.responseVersion.code : faults.statusLine.code;
    }
  }
  if (i >= stop) return 0;
  const minor = bytes[i]! - 48;
  if (minor !== 0 && minor !== 1) return isDigit(bytes[i]!) ? faults.responseVersion.code : faults.statusLine.code;
  head.minor = minor;
  i++;
  if (i >= stop) return 0;
  if (bytes[i] !== SPACE) return faults.statusLine.code;
  i++;
  let status = 0;
  for (let k = 0; k < 3; k++, i++) {
    if (i >= stop) return 0;
    if (!isDigit(bytes[i]!)) return faults.statusCode.code;
    status = status * 10 + bytes[i]! - 48;
  }
  if (status < 100 || status > 599) return faults.statusCode.code;
  head.status = status;
  if (i < stop && bytes[i] === SPACE) while (i < stop && FIELD_VALUE[bytes[i]!] === 1) i++;
  if (i >= stop) return 0;
  if (bytes[i] !== CR) return bytes[i] === LF ? faults.bareLineFeed.code : faults.statusLine.code;
  if (i + 1 >= stop) return 0;
  return bytes[i + 1] === LF ? i + 2 : faults.bareCarriageReturn.code;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
