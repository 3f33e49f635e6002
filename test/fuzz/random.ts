/** Random choices that a seed repeats (the generator is SplitMix32), and damage to bytes that are otherwise well-formed. */
export type Random = {
  /** A whole number from 0 up to, and not with, `limit`. */
  int(limit: number): number;
  /** True once in `times`. */
  once(times: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Buffer;
};

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0_aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const int = (limit: number): number => next() % limit;
  return {
    int,
    once: (times) => int(times) === 0,
    pick: (list) => list[int(list.length)]!,
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 0xff)),
  };
}

/** Values at which lengths, counts and types of binary formats turn. */
const edges = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff] as const;

/** The bytes with a few changes: flipped, set, put in, taken out, doubled, cut off. */
export function damage(bytes: Buffer, random: Random): Buffer {
  let out = Buffer.from(bytes);
  for (let changes = 1 + random.int(4); changes > 0; changes--) {
    const at = random.int(out.length + 1);
    switch (random.int(6)) {
      case 0:
        if (at < out.length) out[at] = out[at]! ^ (1 << random.int(8));
        break;
      case 1:
        if (at < out.length) out[at] = random.pick(edges);
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, at), random.bytes(1 + random.int(8)), out.subarray(at)]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1 + random.int(8))]);
        break;
      case 4:
        out = Buffer.concat([out.subarray(0, at), out.subarray(Math.max(0, at - random.int(40)))]);
        break;
      default:
        out = out.subarray(0, random.once(4) ? at : out.length);
    }
  }
  return out;
}

/** The bytes in pieces, as a network would bring them; one piece, single bytes and anything between. */
export function pieces(bytes: Buffer, random: Random): readonly Buffer[] {
  const longest = random.pick([1, 2, 7, 64, 1_024, bytes.length + 1]);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.int(longest);
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}
