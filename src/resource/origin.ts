import type { Position } from "../finding/finding.ts";

/** Where an object was read from. Absent on objects from the API server. */
export interface Origin {
  /** Path as the user gave it, or `-` for standard input. */
  readonly file: string;
  /** Position of the value at a JSON pointer; of its nearest existing ancestor when the field is absent. */
  at(pointer: string): Position;
}
