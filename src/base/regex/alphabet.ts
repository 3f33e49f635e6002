/** Code points in classes: those of one class are the same to every set that the classes were made from. */
export type Alphabet = {
  /** Number of classes. */
  readonly size: number;
  /** The class of each code point below 256. */
  readonly latin1: Uint16Array;
  /** The class of any code point. */
  classOf(codePoint: number): number;
  /** For each set as it was given: 1 for the classes that are in it. */
  readonly members: readonly Uint8Array[];
};

/** Work that one alphabet may cost, in visits of a range. */
export const maxAlphabetVisits = 500_000;

/**
 * Divides all code points into as few classes as tell `sets` apart. A set is a list of ranges, first and last in pairs,
 * ascending. `undefined` when that would take more than {@link maxAlphabetVisits}.
 */
export function divideCodePoints(sets: readonly Int32Array[]): Alphabet | undefined {
  let visitsLeft = maxAlphabetVisits;
  const edges = new Set<number>([0]);
  for (const ranges of sets) {
    visitsLeft -= ranges.length;
    if (visitsLeft < 0) return undefined;
    for (let at = 0; at < ranges.length; at += 2) edges.add(ranges[at]!).add(ranges[at + 1]! + 1);
  }
  const starts = Int32Array.from(edges).sort();
  /** Class of the code points from each start to the next; classes are split by one set after the other. */
  const classes = new Int32Array(starts.length);
  let count = 1;
  for (const ranges of sets) {
    const inside = new Map<number, number>();
    for (let at = 0; at < ranges.length; at += 2) {
      const last = ranges[at + 1]!;
      for (let interval = intervalOf(starts, ranges[at]!); starts[interval]! <= last; interval++) {
        if (--visitsLeft < 0) return undefined;
        const before = classes[interval]!;
        let after = inside.get(before);
        if (after === undefined) {
          after = count++;
          inside.set(before, after);
        }
        classes[interval] = after;
      }
    }
  }
  return numbered(starts, classes, sets);
}

/** Numbers the classes without gaps, in the order of their first code point. */
function numbered(starts: Int32Array, classes: Int32Array, sets: readonly Int32Array[]): Alphabet {
  const numbers = new Map<number, number>();
  const firsts: number[] = [];
  for (let interval = 0; interval < starts.length; interval++) {
    let number = numbers.get(classes[interval]!);
    if (number === undefined) {
      number = firsts.push(starts[interval]!) - 1;
      numbers.set(classes[interval]!, number);
    }
    classes[interval] = number;
  }
  const classOf = (codePoint: number): number => classes[intervalOf(starts, codePoint)]!;
  return {
    size: firsts.length,
    latin1: Uint16Array.from({ length: 256 }, (_, codePoint) => classOf(codePoint)),
    classOf,
    members: sets.map((ranges) => Uint8Array.from(firsts, (first) => (hasCodePoint(ranges, first) ? 1 : 0))),
  };
}

/** The last interval that starts at or before a code point. */
function intervalOf(starts: Int32Array, codePoint: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= codePoint) low = middle;
    else high = middle;
  }
  return low;
}

function hasCodePoint(ranges: Int32Array, codePoint: number): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[2 * middle + 1]! < codePoint) low = middle + 1;
    else high = middle;
  }
  return 2 * low < ranges.length && ranges[2 * low]! <= codePoint;
}
