/** Words that Go's `strconv.ParseBool` takes. */
const flagWords: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/** As Go's `strconv.ParseBool`; `undefined` for all else. */
export function goFlag(text: string): boolean | undefined {
  return flagWords.get(text);
}

/** As Go's `strconv.Atoi`, up to 15 digits; `undefined` for all else. */
export function goInteger(text: string): number | undefined {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
