import type { Socket } from "node:net";

/** How many of the process's file descriptors are for what. */
export type DescriptorOptions = {
  /** What the process may have open at a time (RLIMIT_NOFILE). `Infinity`: no limit, or none that is known. */
  readonly limit: number;
  /** Told once when clients begin to be turned away. */
  readonly onShort: (limit: number) => void;
  /** Told when clients are let in again, with the number of those that were not. */
  readonly onEnough: (turnedAway: number) => void;
};

/**
 * Keeps file descriptors for those who need them most: a client's connection is not let in when only those are left that
 * connections to endpoints may need, and none of either when only those are left that the process itself needs (the admin
 * endpoint, its log, the files that it reads). A new descriptor is the lowest that is free (POSIX), so its number says how many
 * are in use at the least, and the limit is reached when it is.
 */
export class Descriptors {
  readonly #options: DescriptorOptions;
  readonly #forClients: number;
  readonly #forAll: number;
  /** Clients turned away; `undefined`: there are enough. */
  #turnedAway: number | undefined;

  constructor(options: DescriptorOptions) {
    const { limit } = options;
    this.#options = options;
    const own = Math.min(128, limit / 8);
    this.#forAll = limit - own;
    this.#forClients = limit * 0.75 - own;
  }

  /** Whether a connection that was just accepted may stay. */
  admits(client: Socket): boolean {
    const descriptor = descriptorOf(client);
    if (descriptor >= this.#forClients) {
      if (this.#turnedAway === undefined) this.#options.onShort(this.#options.limit);
      this.#turnedAway = (this.#turnedAway ?? 0) + 1;
      return false;
    }
    // Not at the first that fits: it would be told in turns.
    if (this.#turnedAway !== undefined && descriptor < this.#forClients * 0.9) {
      this.#options.onEnough(this.#turnedAway);
      this.#turnedAway = undefined;
    }
    return true;
  }

  /** Whether a connection to an endpoint may stay. */
  allows(upstream: Socket): boolean {
    return descriptorOf(upstream) < this.#forAll;
  }
}

/** -1 when it is not known: Node documents no way to ask. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd ?? -1;
}

/** Dialling failed for want of a descriptor, which is no fault of the endpoint. */
export class DescriptorsUsedUpError extends Error {
  readonly code = "EMFILE";

  constructor() {
    super("the process has too many connections open");
    this.name = "DescriptorsUsedUpError";
  }
}
