import type { Deadlined, Deadlines } from "../deadlines.ts";
import type { DownstreamConnection } from "./downstream-connection.ts";

/** What a connection that has reached its age gets for a request that is under way to us. */
const lastRequestMs = 1_000;

/** Ends connections that have reached their age, each after what it is doing. Those without an age cost nothing. */
export class ConnectionAges {
  readonly #deadlines: Deadlines;
  readonly #ages = new Map<DownstreamConnection, Age>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** `ageMs`: from now on; `Infinity`: none. */
  add(connection: DownstreamConnection, ageMs: number): void {
    if (ageMs === Number.POSITIVE_INFINITY) return;
    const age = new Age(connection, this.#deadlines.after(ageMs));
    this.#ages.set(connection, age);
    this.#deadlines.add(age);
  }

  /** `next` serves on where `connection` did, and is as old. */
  replace(connection: DownstreamConnection, next: DownstreamConnection): void {
    const age = this.#ages.get(connection);
    if (age === undefined) return;
    this.#ages.delete(connection);
    age.connection = next;
    this.#ages.set(next, age);
  }

  delete(connection: DownstreamConnection): void {
    const age = this.#ages.get(connection);
    if (age === undefined) return;
    this.#ages.delete(connection);
    this.#deadlines.delete(age);
  }
}

class Age implements Deadlined {
  connection: DownstreamConnection;
  deadlineMs: number;

  constructor(connection: DownstreamConnection, deadlineMs: number) {
    this.connection = connection;
    this.deadlineMs = deadlineMs;
  }

  onDeadline(): void {
    this.connection.drain(lastRequestMs);
  }
}
