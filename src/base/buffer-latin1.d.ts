/**
 * Methods that every Node `Buffer` has and that `@types/node` leaves out: `toString("latin1", …)` and
 * `write(…, "latin1")` without the look-up of the encoding, which shows on a path that runs for every header.
 */
interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset?: number, length?: number): number;
}
