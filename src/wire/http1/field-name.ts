/** Which names of request fields are passed on, as tables with 1 for each byte that they may have; `undefined`: all of them. */
export const fieldNameBytes: Readonly<Record<"tokens" | "underscored" | "hyphenated", Uint8Array | undefined>> = {
  tokens: undefined,
  underscored: tableOf(/[A-Za-z0-9_-]/),
  hyphenated: tableOf(/[A-Za-z0-9-]/),
};

function tableOf(allowed: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (allowed.test(String.fromCharCode(byte)) ? 1 : 0));
}

/** Whether a name has such bytes alone. */
export function consistsOf(allowed: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (allowed[bytes[i]!] !== 1) return false;
  return true;
}
