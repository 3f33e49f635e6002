import { COLON, CR, FIELD_VALUE, HEX_VALUE, LF, SEMICOLON, TOKEN } from "./ascii.ts";
import { faults } from "./fault.ts";
import {
  isForbiddenTrailer,
  JUDGED_NAME_BYTES,
  noTrailerClaims,
  type TrailerClaims,
  type TrailerSender,
} from "./trailer-field.ts";

/** Hexadecimal digits of a chunk size: sizes below 2^48, far from where numbers lose precision. */
const MAX_SIZE_DIGITS = 12;
/** Default bound on all trailers of a message, their line ends included. */
export const DEFAULT_TRAILER_BYTES = 8_192;

const State = {
  size: 0,
  sizeLineFeed: 1,
  data: 2,
  dataReturn: 3,
  dataLineFeed: 4,
  trailerStart: 5,
  trailerName: 6,
  trailerValue: 7,
  trailerLineFeed: 8,
  lastLineFeed: 9,
} as const;
type State = (typeof State)[keyof typeof State];

/** Where a reader stands in one chunked body. Reused body after body. */
export class ChunkReader {
  /** The body and its trailers are complete. */
  done = false;
  /** Bytes of content seen so far, framing left out. */
  contentBytes = 0;
  /** The range that {@link nextContent} found. */
  contentStart = 0;
  contentEnd = 0;
  /** The part of the trailer lines that {@link nextContent} passed on its way, without the empty line behind them. */
  trailerStart = 0;
  trailerEnd = 0;
  readonly from: TrailerSender;
  readonly maxTrailerBytes: number;
  /** Asked about every trailer that is not forbidden anyway. */
  claims: TrailerClaims = noTrailerClaims;

  state: State = State.size;
  /** Bytes left of the chunk being read. */
  left = 0;
  sizeDigits = 0;
  trailerBytes = 0;
  nameLength = 0;
  readonly name: Uint8Array = new Uint8Array(JUDGED_NAME_BYTES);
  /** The fault found, 0 before. It stays: what follows a fault has no meaning. */
  fault = 0;

  /** `from`: whose body it is. */
  constructor(from: TrailerSender, maxTrailerBytes: number = DEFAULT_TRAILER_BYTES) {
    this.from = from;
    this.maxTrailerBytes = maxTrailerBytes;
  }

  /** Makes ready for another body. */
  reset(): void {
    this.done = false;
    this.contentBytes = 0;
    this.contentStart = 0;
    this.contentEnd = 0;
    this.state = State.size;
    this.left = 0;
    this.sizeDigits = 0;
    this.trailerBytes = 0;
    this.nameLength = 0;
    this.fault = 0;
  }
}

/**
 * Judges the next bytes of a chunked body, framing, content and trailers. Returns the offset up to which they belong to the body and
 * may be passed on as they are (`end`, or less when the body is `done`), or the code of a fault. Chunk extensions are refused:
 * nobody uses them, and parsers disagree on where they end. RFC 9112 §7.1.
 */
export function scanChunks(reader: ChunkReader, bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && !reader.done) {
    at = nextContent(reader, bytes, at, end);
    if (at < 0) return at;
  }
  return at;
}

/**
 * Reads on until some content is found: its range is `contentStart` to `contentEnd` (empty when there is none before `end` or
 * the end of the body). For clients that know no chunks. Returns the offset to go on from, or the code of a fault.
 */
export function nextContent(reader: ChunkReader, bytes: Buffer, start: number, end: number): number {
  if (reader.fault < 0) return reader.fault;
  const at = scanFraming(reader, bytes, start, end);
  if (at < 0) {
    reader.fault = at;
    reader.contentStart = reader.contentEnd = start;
    return at;
  }
  reader.contentStart = at;
  reader.contentEnd = at;
  if (reader.state !== State.data) return at;
  const length = Math.min(reader.left, end - at);
  reader.left -= length;
  reader.contentBytes += length;
  reader.contentEnd = at + length;
  if (reader.left === 0) reader.state = State.dataReturn;
  return at + length;
}

/** Reads framing and trailers up to the next content, the end of the body, or `end`. */
function scanFraming(reader: ChunkReader, bytes: Buffer, start: number, end: number): number {
  let i = start;
  reader.trailerStart = start;
  reader.trailerEnd = start;
  while (i < end && reader.state !== State.data && !reader.done) {
    const before = reader.trailerBytes;
    const fault = step(reader, bytes[i]!);
    if (fault < 0) return fault;
    i++;
    if (reader.trailerBytes === before) continue;
    if (reader.trailerEnd !== i - 1) reader.trailerStart = i - 1;
    reader.trailerEnd = i;
  }
  return i;
}

/** Takes one byte outside content. Returns 0 or a fault. */
function step(reader: ChunkReader, byte: number): number {
  switch (reader.state) {
    case State.size:
      return sizeByte(reader, byte);
    case State.sizeLineFeed:
      if (byte !== LF) return faults.chunkLineEnd.code;
      reader.state = reader.left === 0 ? State.trailerStart : State.data;
      return 0;
    case State.dataReturn:
      reader.state = State.dataLineFeed;
      return byte === CR ? 0 : faults.chunkDataEnd.code;
    case State.dataLineFeed:
      reader.state = State.size;
      reader.sizeDigits = 0;
      return byte === LF ? 0 : faults.chunkDataEnd.code;
    case State.lastLineFeed:
      reader.done = byte === LF;
      return reader.done ? 0 : faults.bareCarriageReturn.code;
    default:
      return trailerByte(reader, byte);
  }
}

function sizeByte(reader: ChunkReader, byte: number): number {
  const value = HEX_VALUE[byte]!;
  if (value >= 0) {
    if (++reader.sizeDigits > MAX_SIZE_DIGITS) return faults.chunkSizeTooLarge.code;
    reader.left = reader.left * 16 + value;
    return 0;
  }
  if (reader.sizeDigits === 0) return faults.chunkSize.code;
  if (byte === SEMICOLON) return faults.chunkExtension.code;
  if (byte === LF) return faults.chunkLineEnd.code;
  if (byte !== CR) return faults.chunkSize.code;
  reader.state = State.sizeLineFeed;
  return 0;
}

function trailerByte(reader: ChunkReader, byte: number): number {
  if (reader.state === State.trailerStart && byte === CR) {
    reader.state = State.lastLineFeed;
    return 0;
  }
  if (++reader.trailerBytes > reader.maxTrailerBytes) return faults.trailersTooLarge.code;
  switch (reader.state) {
    case State.trailerStart:
      reader.nameLength = 0;
      reader.state = State.trailerName;
      return nameByte(reader, byte);
    case State.trailerName:
      return byte === COLON ? endOfName(reader) : nameByte(reader, byte);
    case State.trailerValue:
      if (FIELD_VALUE[byte] === 1) return 0;
      if (byte !== CR) return byte === LF ? faults.bareLineFeed.code : faults.trailerInvalid.code;
      reader.state = State.trailerLineFeed;
      return 0;
    default:
      reader.state = State.trailerStart;
      return byte === LF ? 0 : faults.bareCarriageReturn.code;
  }
}

function nameByte(reader: ChunkReader, byte: number): number {
  if (TOKEN[byte] !== 1) return byte === LF ? faults.bareLineFeed.code : faults.trailerInvalid.code;
  // Names longer than any forbidden one need not be kept whole: their length tells them apart.
  if (reader.nameLength < JUDGED_NAME_BYTES) reader.name[reader.nameLength] = byte;
  reader.nameLength++;
  return 0;
}

function endOfName(reader: ChunkReader): number {
  reader.state = State.trailerValue;
  const { name, nameLength } = reader;
  const isRefused = isForbiddenTrailer(name, nameLength, reader.from) || reader.claims.claims(name, nameLength);
  return isRefused ? faults.trailerForbidden.code : 0;
}
