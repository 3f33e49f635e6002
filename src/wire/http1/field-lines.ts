import { asciiBytes, COLON, COMMA, CR, equalsLower, FIELD_VALUE, LF, SPACE, TAB, TOKEN } from "./ascii.ts";
import { isClientClaim } from "./client-claim.ts";
import { faults } from "./fault.ts";
import { ALIAS_FIELD, knownField, RequestField, UNKNOWN_FIELD } from "./known-field.ts";
import { LINE_SLOTS, MAX_NOMINATED, type MessageHead, valueIs } from "./message-head.ts";

const CHUNKED = asciiBytes("chunked");
const CLOSE = asciiBytes("close");
const KEEP_ALIVE = asciiBytes("keep-alive");
const UPGRADE = asciiBytes("upgrade");
const TE = asciiBytes("te");
/** Digits of 2^53-1. */
const MAX_LENGTH_DIGITS = 16;

/**
 * Reads header lines from `head.at` up to the empty line. Returns the offset after it, 0 when `stop` came first, or the code of
 * the first fault. `head.at` is then the line that is incomplete or faulty, so a later call goes on from there.
 */
export function parseFieldLines(bytes: Buffer, stop: number, head: MessageHead, maxFields: number): number {
  for (;;) {
    const lineStart = head.at;
    let i = lineStart;
    while (i < stop && TOKEN[bytes[i]!] === 1) i++;
    const nameEnd = i;
    if (i >= stop) return 0;
    if (nameEnd === lineStart && bytes[i] === CR) return endOfFields(bytes, stop, head);
    if (bytes[i] !== COLON || nameEnd === lineStart) return nameFault(bytes, lineStart, i);
    i++;
    while (i < stop && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
    const valueStart = i;
    while (i < stop && FIELD_VALUE[bytes[i]!] === 1) i++;
    if (i >= stop) return 0;
    if (bytes[i] !== CR) return bytes[i] === LF ? faults.bareLineFeed.code : faults.fieldValueInvalid.code;
    if (i + 1 >= stop) return 0;
    if (bytes[i + 1] !== LF) return faults.bareCarriageReturn.code;
    let valueEnd = i;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--;
    if (head.lineCount >= maxFields) return faults.tooManyFields.code;

    const line = head.pushLine(lineStart, nameEnd, valueStart, valueEnd);
    const next = i + 2;
    const known = knownField(head.table, bytes, lineStart, nameEnd);
    if (known === ALIAS_FIELD) return faults.fieldNameAlias.code;
    if (known !== UNKNOWN_FIELD) {
      if (head.first[known]! < 0) head.first[known] = line;
      else head.repeated |= 1 << known;
    } else if (!head.claims && isClientClaim(bytes, lineStart, nameEnd)) head.claims = true;
    if (known !== UNKNOWN_FIELD && known < head.table.keptFrom) {
      head.pushRun(head.runStart, lineStart);
      head.runStart = next;
      const fault = readFraming(bytes, head, known, line);
      if (fault < 0) return fault;
    } else if (valueStart - nameEnd > 2 || bytes[nameEnd + 1] === TAB || valueEnd < i) {
      keepTrimmed(bytes, head, line, i);
    }
    head.at = next;
  }
}

/** Keeps a line with odd white space as `name: value` CR LF, by leaving the white space out of the runs. */
function keepTrimmed(bytes: Buffer, head: MessageHead, line: number, lineEnd: number): void {
  const nameEnd = head.lines[line * LINE_SLOTS + 1]!;
  const valueStart = head.lines[line * LINE_SLOTS + 2]!;
  const valueEnd = head.lines[line * LINE_SLOTS + 3]!;
  head.pushRun(head.runStart, bytes[nameEnd + 1] === SPACE ? nameEnd + 2 : nameEnd + 1);
  head.pushRun(valueStart, valueEnd);
  head.runStart = lineEnd;
}

/** Reads a field that frames the message or speaks of the connection. Returns 0 or a fault. */
function readFraming(bytes: Buffer, head: MessageHead, known: number, line: number): number {
  switch (known) {
    case RequestField.contentLength:
      if (head.isRepeated(known)) return faults.contentLengthRepeated.code;
      return readContentLength(bytes, head, line);
    case RequestField.transferEncoding:
      if (head.isRepeated(known)) return faults.transferEncodingRepeated.code;
      if (!valueIs(head, bytes, line, CHUNKED)) return faults.transferEncodingUnknown.code;
      head.chunked = true;
      return 0;
    case RequestField.connection:
      return readConnection(bytes, head, line);
    default:
      return 0;
  }
}

function readContentLength(bytes: Buffer, head: MessageHead, line: number): number {
  const start = head.lines[line * LINE_SLOTS + 2]!;
  const end = head.lines[line * LINE_SLOTS + 3]!;
  if (end === start) return faults.contentLengthInvalid.code;
  // A leading zero is legal, yet some parsers take it for octal: two readings, so refused.
  if (bytes[start] === 48 && end - start > 1) return faults.contentLengthInvalid.code;
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return faults.contentLengthInvalid.code;
    if (i - start < MAX_LENGTH_DIGITS) length = length * 10 + digit;
  }
  if (end - start > MAX_LENGTH_DIGITS || length > Number.MAX_SAFE_INTEGER) return faults.contentLengthTooLarge.code;
  head.contentLength = length;
  return 0;
}

/** Reads the tokens of one Connection line; names of other fields are noted for {@link forgetNominated}. */
function readConnection(bytes: Buffer, head: MessageHead, line: number): number {
  const end = head.lines[line * LINE_SLOTS + 3]!;
  let i = head.lines[line * LINE_SLOTS + 2]!;
  while (i < end) {
    while (i < end && (bytes[i] === COMMA || bytes[i] === SPACE || bytes[i] === TAB)) i++;
    const start = i;
    while (i < end && TOKEN[bytes[i]!] === 1) i++;
    const length = i - start;
    if (length === 0) {
      if (i < end) return faults.connectionOptions.code;
      break;
    }
    while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
    if (i < end && bytes[i] !== COMMA) return faults.connectionOptions.code;
    if (length === CLOSE.length && equalsLower(bytes, start, CLOSE)) head.closeToken = true;
    else if (length === KEEP_ALIVE.length && equalsLower(bytes, start, KEEP_ALIVE)) head.keepAliveToken = true;
    else if (length === UPGRADE.length && equalsLower(bytes, start, UPGRADE)) head.upgradeToken = true;
    else if (length === TE.length && equalsLower(bytes, start, TE)) continue;
    else {
      if (head.nominatedCount === MAX_NOMINATED) return faults.connectionOptions.code;
      head.nominated[head.nominatedCount * 2] = start;
      head.nominated[head.nominatedCount * 2 + 1] = start + length;
      head.nominatedCount++;
    }
  }
  return 0;
}

/** At the empty line: the checks that need every field. */
function endOfFields(bytes: Buffer, stop: number, head: MessageHead): number {
  const at = head.at;
  if (at + 1 >= stop) return 0;
  if (bytes[at + 1] !== LF) return faults.bareCarriageReturn.code;
  if (head.chunked && head.minor === 0) return faults.transferEncodingVersion.code;
  if (head.chunked && head.contentLength >= 0) return faults.twoFramings.code;
  head.pushRun(head.runStart, at);
  head.end = at + 2;
  head.close = head.closeToken || (head.minor === 0 && !head.keepAliveToken);
  // HTTP/1.0 knows no Upgrade. RFC 9110 §7.8.
  head.upgrade =
    head.minor === 1 &&
    head.upgradeToken &&
    head.first[RequestField.upgrade]! >= 0 &&
    !head.isRepeated(RequestField.upgrade);
  if (head.nominatedCount > 0) forgetNominated(bytes, head);
  return head.end;
}

/**
 * Forgets the fields that Connection names, as RFC 9110 §7.6.1 asks of an intermediary, except known ones: a client that names
 * Authorization, Cookie or X-Forwarded-For would otherwise switch off what the backend relies on, and the RFC forbids senders
 * to name such fields. Those that belong to the connection are left out anyway.
 */
function forgetNominated(bytes: Buffer, head: MessageHead): void {
  for (let k = 0; k < head.nominatedCount; k++) {
    const start = head.nominated[k * 2]!;
    const end = head.nominated[k * 2 + 1]!;
    if (knownField(head.table, bytes, start, end) >= 0) continue;
    head.forgetField(bytes, bytes.toString("latin1", start, end).toLowerCase());
  }
}

/** Why the bytes of a line up to `at` are no field name. */
function nameFault(bytes: Buffer, lineStart: number, at: number): number {
  const byte = bytes[at];
  if (byte === LF) return faults.bareLineFeed.code;
  if (byte === CR) return faults.fieldNameInvalid.code;
  if (at === lineStart) {
    if (byte === SPACE || byte === TAB) return faults.foldedLine.code;
    return byte === COLON ? faults.fieldNameEmpty.code : faults.fieldNameInvalid.code;
  }
  return byte === SPACE || byte === TAB ? faults.spaceBeforeColon.code : faults.fieldNameInvalid.code;
}
