/**
 * HPACK's Huffman code. RFC 7541 section 5.2 and appendix B.
 *
 * The code is canonical: sorted by length, then by symbol, each code is the one before it plus one, shifted to its
 * length. So the lengths alone define it, and the tables below are built from them.
 */

/** Code length in bits of each symbol 0–255 and of EOS (256), as runs of `symbols: length`. */
const lengthRuns: readonly (readonly [count: number, length: number])[] = [
  [1, 13],
  [1, 23],
  [7, 28],
  [1, 24],
  [1, 30],
  [2, 28],
  [1, 30],
  [8, 28],
  [1, 30],
  [9, 28],
  // space ! " # $ % & ' ( ) * + , - . /
  [1, 6],
  [2, 10],
  [1, 12],
  [1, 13],
  [1, 6],
  [1, 8],
  [1, 11],
  [2, 10],
  [1, 8],
  [1, 11],
  [1, 8],
  [3, 6],
  // 0–2, 3–9, : ; < = > ? @
  [3, 5],
  [7, 6],
  [1, 7],
  [1, 8],
  [1, 15],
  [1, 6],
  [1, 12],
  [1, 10],
  [1, 13],
  // A, B–W, X Y Z [ \ ] ^ _ `
  [1, 6],
  [22, 7],
  [1, 8],
  [1, 7],
  [1, 8],
  [1, 13],
  [1, 19],
  [1, 13],
  [1, 14],
  [1, 6],
  [1, 15],
  // a–z
  [1, 5],
  [1, 6],
  [1, 5],
  [1, 6],
  [1, 5],
  [3, 6],
  [1, 5],
  [2, 7],
  [3, 6],
  [1, 5],
  [1, 6],
  [1, 7],
  [1, 6],
  [2, 5],
  [1, 6],
  [5, 7],
  // { | } ~ DEL
  [1, 15],
  [1, 11],
  [1, 14],
  [1, 13],
  [1, 28],
  // 128–255
  [1, 20],
  [1, 22],
  [2, 20],
  [3, 22],
  [1, 23],
  [1, 22],
  [5, 23],
  [1, 24],
  [1, 23],
  [2, 24],
  [1, 22],
  [1, 23],
  [1, 24],
  [4, 23],
  [1, 21],
  [1, 22],
  [1, 23],
  [1, 22],
  [2, 23],
  [1, 24],
  [1, 22],
  [1, 21],
  [1, 20],
  [2, 22],
  [2, 23],
  [1, 21],
  [1, 23],
  [2, 22],
  [1, 24],
  [1, 21],
  [1, 22],
  [2, 23],
  [2, 21],
  [1, 22],
  [1, 21],
  [1, 23],
  [1, 22],
  [2, 23],
  [1, 20],
  [3, 22],
  [1, 23],
  [2, 22],
  [1, 23],
  [2, 26],
  [1, 20],
  [1, 19],
  [1, 22],
  [1, 23],
  [1, 22],
  [1, 25],
  [3, 26],
  [2, 27],
  [1, 26],
  [1, 24],
  [1, 25],
  [1, 19],
  [1, 21],
  [1, 26],
  [2, 27],
  [1, 26],
  [1, 27],
  [1, 24],
  [2, 21],
  [2, 26],
  [1, 28],
  [3, 27],
  [1, 20],
  [1, 24],
  [1, 20],
  [1, 21],
  [1, 22],
  [2, 21],
  [1, 23],
  [2, 22],
  [2, 25],
  [2, 24],
  [1, 26],
  [1, 23],
  [1, 26],
  [1, 27],
  [2, 26],
  [5, 27],
  [1, 28],
  [5, 27],
  [1, 26],
  // EOS
  [1, 30],
];

const endOfString = 256;
const lengths = Uint8Array.from(lengthRuns.flatMap(([count, length]) => Array<number>(count).fill(length)));
const codes = assignCodes();

function assignCodes(): Uint32Array {
  const symbols = [...lengths.keys()].sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  const assigned = new Uint32Array(lengths.length);
  let code = 0;
  let length = 0;
  for (const symbol of symbols) {
    code <<= (lengths[symbol] as number) - length;
    length = lengths[symbol] as number;
    assigned[symbol] = code++;
  }
  return assigned;
}

/** Decoding reads four bits at a time: `next[state * 16 + bits]` is the state after them, -1 where the input is invalid. */
const next: Int16Array = new Int16Array(endOfString * 16).fill(-1);
/** The symbol that those four bits complete, or -1. No code is shorter than five bits, so there is at most one. */
const emitted: Int16Array = new Int16Array(endOfString * 16).fill(-1);
/** States in which a string may end: nothing but ones since the last symbol, fewer than eight. RFC 7541 section 5.2. */
const mayEnd: Uint8Array = new Uint8Array(endOfString);
buildDecoder();

function buildDecoder(): void {
  // Inner nodes of the code tree; a child below zero is the leaf of symbol -(child + 1).
  const children: [number | undefined, number | undefined][] = [[undefined, undefined]];
  for (const [symbol, length] of lengths.entries()) {
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const branch = ((codes[symbol] as number) >>> bit) & 1;
      const pair = children[node] as [number | undefined, number | undefined];
      if (bit === 0) pair[branch] = -(symbol + 1);
      else pair[branch] ??= children.push([undefined, undefined]) - 1;
      node = Math.max(pair[branch] as number, 0);
    }
  }
  for (const [state] of children.entries()) {
    for (let bits = 0; bits < 16; bits++) {
      let node = state;
      let symbol = -1;
      for (let bit = 3; bit >= 0; bit--) {
        const child = children[node]?.[(bits >> bit) & 1] as number;
        if (child < 0) symbol = -child - 1;
        node = Math.max(child, 0);
      }
      if (symbol === endOfString) continue;
      next[state * 16 + bits] = node;
      emitted[state * 16 + bits] = symbol;
    }
  }
  let node = 0;
  for (let ones = 0; ones < 8; ones++) {
    mayEnd[node] = 1;
    node = children[node]?.[1] as number;
  }
}

/** Decodes `bytes[start, end)` into `out` from offset 0; returns the number of bytes, or -1 for an invalid code or padding. `out` must hold 8/5 of the input. */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let state = 0;
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    let step = state * 16 + (byte >> 4);
    state = next[step] as number;
    if (state < 0) return -1;
    if ((emitted[step] as number) >= 0) out[length++] = emitted[step] as number;
    step = state * 16 + (byte & 15);
    state = next[step] as number;
    if (state < 0) return -1;
    if ((emitted[step] as number) >= 0) out[length++] = emitted[step] as number;
  }
  return mayEnd[state] === 1 ? length : -1;
}

/** Bytes that the Latin-1 text takes when Huffman-coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += lengths[text.charCodeAt(i)] as number;
  return (bits + 7) >> 3;
}

/** Writes the Latin-1 text Huffman-coded at `offset`; returns the offset behind it. */
export function huffmanEncode(text: string, out: Uint8Array, offset: number): number {
  let at = offset;
  let pending = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    const code = codes[symbol] as number;
    let left = lengths[symbol] as number;
    while (left > 0) {
      const take = Math.min(left, 8 - count);
      pending = (pending << take) | ((code >>> (left - take)) & ((1 << take) - 1));
      count += take;
      left -= take;
      if (count === 8) {
        out[at++] = pending;
        pending = 0;
        count = 0;
      }
    }
  }
  if (count > 0) out[at++] = (pending << (8 - count)) | ((1 << (8 - count)) - 1);
  return at;
}
