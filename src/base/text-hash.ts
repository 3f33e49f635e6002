/**
 * A number from 0 to 2^32 - 1 that is the same for equal texts in every process, and spreads others evenly: FNV-1a with the last
 * mixing of MurmurHash3. For choosing, not for security. `seed` continues from another hash.
 */
export function hash32(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
