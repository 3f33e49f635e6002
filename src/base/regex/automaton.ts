import { type Alphabet, divideCodePoints } from "./alphabet.ts";
import { Boundary, type RegexProgram } from "./program.ts";

/**
 * A pattern as one table: a state and a code point give the next state, so a match costs one look-up for each code point
 * of the text, whatever the pattern and whatever the text.
 */
export type Automaton = {
  readonly alphabet: Alphabet;
  /** The row of a state begins at its number: an entry for each class, and at last 1 where the text may end. 0: no match. */
  readonly table: Uint16Array;
  readonly start: number;
};

/** Entries of the largest table, states times classes: 128 KiB, and a number of 16 bits names every row. */
export const maxTableEntries = 65_536;

/** Work that finding the states of one pattern may cost, in visits of a step: a few milliseconds. */
export const maxBuildVisits = 1_000_000;

/** Finds all states that a program can be in. `undefined` when they are more than the limits above. */
export function buildAutomaton(program: RegexProgram): Automaton | undefined {
  const reads = distinctSets(program);
  const asserts = program.steps.some(({ kind }) => kind === "assert");
  const alphabet = divideCodePoints(asserts ? [...reads.sets, ...boundarySets] : reads.sets);
  if (alphabet === undefined) return undefined;
  return new Builder(program, reads.setOf, alphabet, asserts).build();
}

/** Whether the automaton accepts all of `text`. */
export function accepts({ table, alphabet, start }: Automaton, text: string): boolean {
  const { latin1, size } = alphabet;
  let state = start;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 256) {
      state = table[state + latin1[unit]!]!;
    } else {
      const codePoint = text.codePointAt(at)!;
      if (codePoint > 0xffff) at++;
      state = table[state + alphabet.classOf(codePoint)]!;
    }
    if (state === 0) return false;
  }
  return table[state + size] === 1;
}

/** What it costs to look a state up, beside its steps: that of so many visits. */
const costOfState = 64;

const newline = Int32Array.of(0x0a, 0x0a);
/** `0-9 A-Z _ a-z`: RE2's \b knows ASCII words only. */
const wordCharacters = Int32Array.of(0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a);
const boundarySets = [newline, wordCharacters];

/** What stands on one side of a boundary. */
type Side = "other" | "newline" | "word" | "edge";

/** What holds right after a side, whatever follows; and right before one. */
const after = {
  other: 0,
  word: 0,
  newline: Boundary.beginLine,
  edge: Boundary.beginLine | Boundary.beginText,
} as const;
const before = { other: 0, word: 0, newline: Boundary.endLine, edge: Boundary.endLine | Boundary.endText } as const;
/** What only the code point that follows decides. */
const undecided = Boundary.endLine | Boundary.endText | Boundary.word | Boundary.noWord;

function between(left: Side, right: Side): number {
  return after[left] | before[right] | ((left === "word") === (right === "word") ? Boundary.noWord : Boundary.word);
}

/** The steps that a program is in: those that read, accept, or wait for what follows; and what was read last, if that matters. */
type State = { readonly steps: Uint16Array; readonly left: Side; readonly waits: boolean };

class Builder {
  readonly #program: RegexProgram;
  readonly #setOf: Int16Array;
  readonly #alphabet: Alphabet;
  readonly #width: number;
  readonly #maxStates: number;
  /** What each class is to a boundary. */
  readonly #sides: readonly Side[];
  readonly #states: State[] = [];
  readonly #rowOf = new Map<string, number>();
  /** The rows that were found already by what leads to them, which saves working the same state out again. */
  readonly #rowAfter = new Map<string, number>();
  readonly #seen: Uint32Array;
  #round = 0;
  #visitsLeft = maxBuildVisits;

  constructor(program: RegexProgram, setOf: Int16Array, alphabet: Alphabet, asserts: boolean) {
    this.#program = program;
    this.#setOf = setOf;
    this.#alphabet = alphabet;
    this.#width = alphabet.size + 1;
    this.#maxStates = Math.floor(maxTableEntries / this.#width);
    this.#seen = new Uint32Array(program.steps.length);
    const [newlines, words] = asserts ? alphabet.members.slice(-2) : [];
    this.#sides = Array.from({ length: alphabet.size }, (_, index) =>
      newlines?.[index] === 1 ? "newline" : words?.[index] === 1 ? "word" : "other",
    );
  }

  build(): Automaton | undefined {
    const width = this.#width;
    // Row 0: nothing matches any more.
    this.#states.push({ steps: new Uint16Array(), left: "other", waits: false });
    const start = this.#enter([this.#program.start], "edge");
    const rows: Uint16Array[] = [new Uint16Array(width)];
    while (rows.length < this.#states.length) {
      const row = this.#row(this.#states[rows.length]!);
      if (this.#visitsLeft < 0 || this.#states.length > this.#maxStates) return undefined;
      rows.push(row);
    }
    const table = new Uint16Array(rows.length * width);
    for (const [place, row] of rows.entries()) table.set(row, place * width);
    return { alphabet: this.#alphabet, table, start };
  }

  #row(state: State): Uint16Array {
    const { steps } = this.#program;
    const { members, size } = this.#alphabet;
    const row = new Uint16Array(this.#width);
    const sources = this.#sources(state);
    for (let index = 0; index < size && this.#visitsLeft >= 0; index++) {
      const side = this.#sides[index]!;
      const from = sources[side];
      const next: number[] = [];
      this.#visitsLeft -= from.length + 1;
      for (let at = 0; at < from.length; at++) {
        const step = steps[from[at]!]!;
        if (step.kind === "read" && members[this.#setOf[from[at]!]!]![index] === 1) next.push(step.to);
      }
      row[index] = next.length === 0 ? 0 : this.#enter(next, side);
    }
    row[size] = sources.edge.some((step) => steps[step]!.kind === "accept") ? 1 : 0;
    return row;
  }

  /** The steps of a state, for each side that may follow. */
  #sources({ steps, left, waits }: State): Readonly<Record<Side, Uint16Array>> {
    const of = (right: Side) => (waits ? new Uint16Array(this.#close(steps, between(left, right), 0)).sort() : steps);
    return { other: of("other"), newline: of("newline"), word: of("word"), edge: of("edge") };
  }

  /** Where the row of the state begins that is reached by `next`, ascending, after a code point of side `left`. */
  #enter(next: readonly number[], left: Side): number {
    const cause = `${left} ${String.fromCharCode(...next)}`;
    let row = this.#rowAfter.get(cause);
    if (row === undefined) {
      row = this.#find(new Uint16Array(this.#close(next, after[left], undecided)).sort(), left);
      this.#rowAfter.set(cause, row);
    }
    return row;
  }

  #find(steps: Uint16Array, left: Side): number {
    if (steps.length === 0) return 0;
    this.#visitsLeft -= costOfState + 4 * steps.length;
    const waits = steps.some((step) => this.#program.steps[step]!.kind === "assert");
    const key = `${waits ? left : ""} ${String.fromCharCode(...steps)}`;
    let row = this.#rowOf.get(key);
    if (row === undefined) {
      row = (this.#states.push({ steps, left, waits }) - 1) * this.#width;
      this.#rowOf.set(key, row);
    }
    return row;
  }

  /** Where `from` leads without reading when `holds` holds; what needs more than that waits when `mayFollow` can add it. */
  #close(from: ArrayLike<number>, holds: number, mayFollow: number): number[] {
    const { steps } = this.#program;
    const round = ++this.#round;
    const found: number[] = [];
    const open = Array.from(from);
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#seen[index] === round) continue;
      this.#seen[index] = round;
      this.#visitsLeft--;
      const step = steps[index]!;
      if (step.kind === "read" || step.kind === "accept") found.push(index);
      else if (step.kind === "branch") open.push(...step.to);
      else if (step.kind === "assert") {
        const lacks = step.needs & ~holds;
        if (lacks === 0) open.push(step.to);
        else if ((lacks & ~mayFollow) === 0) found.push(index);
      }
    }
    return found;
  }
}

type DistinctSets = {
  readonly sets: readonly Int32Array[];
  /** For each step that reads, the index of its set. */
  readonly setOf: Int16Array;
};

/** The sets that a program reads, each once: a repetition has the same set in many steps. */
function distinctSets({ steps }: RegexProgram): DistinctSets {
  const sets: Int32Array[] = [];
  const setOf = new Int16Array(steps.length);
  const known = new Map<Int32Array | string, number>();
  for (const [place, step] of steps.entries()) {
    if (step.kind !== "read") continue;
    const { ranges } = step;
    // The library's repetitions share one list; long lists are not worth comparing otherwise.
    const key = ranges.length > 64 ? ranges : ranges.join();
    let index = known.get(key);
    if (index === undefined) {
      index = sets.push(ranges) - 1;
      known.set(key, index);
    }
    setOf[place] = index;
  }
  return { sets, setOf };
}
