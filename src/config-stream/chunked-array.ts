import { hash } from "node:crypto";
import { listOriginOf } from "../base/list-origin.ts";

type List = readonly unknown[];
type DescribeElement = (element: unknown) => string;
type Chunk = { readonly length: number; readonly hash: string };

/** Arrays of this many elements and more are described by chunk. Part of what a digest means: both ends must agree. */
export const largeArray = 64;
/** Likewise: a chunk ends after an element whose text says so, one of 32 on average, and after this many at the latest. */
const endMask = 31;
const longestChunk = 256;

const known = new WeakMap<List, readonly Chunk[]>();

/**
 * A large array as its digest sees it: cut into chunks where the elements themselves say so, and described by the hashes of the
 * chunks, so that an element more or less changes the chunk that it is in and hardly any other. An array that is known to be made
 * from another (`noteRange`) takes over the chunks that did not change. No small array has such a text.
 */
export function describeChunks(value: List, describe: DescribeElement): string {
  const chunks = deriveChunks(value, describe) ?? cutChunks(value, describe);
  known.set(value, chunks);
  return `[#${chunks.map((chunk) => chunk.hash).join()}]`;
}

function cutChunks(value: List, describe: DescribeElement): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at < value.length; at += chunks.at(-1)!.length) chunks.push(cutChunk(value, at, describe));
  return chunks;
}

/** `undefined` when it is not known what the array was made from. */
function deriveChunks(value: List, describe: DescribeElement): readonly Chunk[] | undefined {
  const origin = listOriginOf(value);
  const before = origin && known.get(origin.before);
  if (before === undefined) return undefined;
  const { start, end, newEnd } = origin!.range;
  const chunks: Chunk[] = [];
  let at = 0;
  let next = 0;
  // The last chunk may have ended only because the array did.
  while (next < before.length - 1 && at + before[next]!.length <= start) at += before[next++]!.length;
  for (let index = 0; index < next; index++) chunks.push(before[index]!);
  let nextAt = at;
  while (at < value.length) {
    const chunk = cutChunk(value, at, describe);
    chunks.push(chunk);
    at += chunk.length;
    if (at < newEnd) continue;
    const place = at - newEnd + end;
    while (nextAt < place) nextAt += before[next++]!.length;
    if (nextAt > place) continue;
    // From here on both are cut in the same places.
    for (; next < before.length; next++) chunks.push(before[next]!);
    break;
  }
  return chunks;
}

function cutChunk(value: List, from: number, describe: DescribeElement): Chunk {
  let text = "";
  let at = from;
  do {
    const element = describe(value[at]);
    text += `${at === from ? "" : ","}${element}`;
    at++;
    if (isEnd(element)) break;
  } while (at < value.length && at - from < longestChunk);
  return { length: at - from, hash: hash("sha256", text, "base64url").slice(0, 22) };
}

/** FNV-1a of the text. */
function isEnd(text: string): boolean {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return ((sum ^ (sum >>> 16)) & endMask) === 0;
}
