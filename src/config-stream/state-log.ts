/**
 * The text of a saved state: the format's name, the whole state, and what has changed since, one record a line. Each record ends
 * with a checksum that covers the record before it, too, so that no record can be missing, repeated or in another place.
 */
import { createHash, hash } from "node:crypto";
import { applyDelta, type Delta } from "./delta.ts";
import { digestOf } from "./digest.ts";
import { jsonPieces } from "./json-pieces.ts";
import { checkState, type PlaneState } from "./protocol.ts";
import type { HeldState } from "./stream-client.ts";

/** First line: the format and its version. */
const head = "sluice-state 2";
/** Characters that are made at once. */
const pieceLength = 64 * 1024;
/** A space and a SHA-256 in hex. */
const checksumLength = 65;

/** The checksum that the next record begins at. */
export type LogPlace = string;

/** What a log holds. */
export type StateLog = {
  readonly held: HeldState;
  /** Where a record can be added; `undefined` when the log is cut off or broken after the state that it still holds. */
  readonly end: LogPlace | undefined;
  /** Bytes of the whole state that it begins with. */
  readonly snapshotSize: number;
};

/** A log with nothing but a state, in pieces; returns where a change can be added to it. */
export function* renderSnapshot(state: PlaneState): Generator<string, LogPlace> {
  const checksum = createHash("sha256").update(head);
  yield `${head}\n`;
  for (const piece of jsonPieces(state, pieceLength)) {
    checksum.update(piece);
    yield piece;
  }
  const end = checksum.digest("hex");
  yield ` ${end}\n`;
  return end;
}

/** The record of one change. */
export function renderChange(delta: Delta, place: LogPlace): { readonly record: string; readonly end: LogPlace } {
  const text = JSON.stringify(delta);
  const end = hash("sha256", `${place}${text}`);
  return { record: `${text} ${end}\n`, end };
}

/**
 * The newest state of a log. Changes that were cut off by a crash, or are broken, are left out with all that follow them.
 * Throws where there is no whole state to begin with. The messages quote nothing of it.
 */
export function readStateLog(text: string): StateLog {
  const [format, snapshot, ...changes] = text.split("\n");
  if (format !== head || snapshot === undefined) throw new Error("it is not from this version");
  const first = readRecord(snapshot, head);
  if (first === undefined) throw new Error("its checksum is wrong");
  let state = checkState(JSON.parse(first.text));
  let place = first.end;
  // A whole log ends with the end of a line.
  let rest = changes.pop();
  for (const line of changes) {
    const record = readRecord(line, place);
    if (record === undefined) {
      rest = line;
      break;
    }
    state = checkState(applyDelta(state, JSON.parse(record.text) as Delta));
    place = record.end;
  }
  const snapshotSize = Buffer.byteLength(`${head}\n${snapshot}\n`);
  return { held: { hash: digestOf(state), state }, end: rest === "" ? place : undefined, snapshotSize };
}

function readRecord(line: string, place: LogPlace): { readonly text: string; readonly end: LogPlace } | undefined {
  const text = line.slice(0, -checksumLength);
  const end = line.slice(1 - checksumLength);
  return text !== "" && hash("sha256", `${place}${text}`) === end ? { text, end } : undefined;
}
