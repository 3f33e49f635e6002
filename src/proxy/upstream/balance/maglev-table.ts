import { hash32 } from "../../../base/text-hash.ts";

/**
 * A table in which every endpoint has an equal share of the slots, and keeps nearly all of them when another endpoint comes or
 * goes. Equal names give equal tables, in whatever order: every gateway sends a key to the same endpoint.
 * Maglev (Eisenbud et al., NSDI 2016, section 3.4).
 */
export class MaglevTable<Endpoint> {
  readonly #endpoints: readonly Endpoint[];
  readonly #slots: Uint16Array | Uint32Array;

  /** `size` must be a prime, and should be a hundred times the number of endpoints. */
  constructor(endpoints: readonly Endpoint[], nameOf: (endpoint: Endpoint) => string, size: number) {
    const named = endpoints.map((endpoint) => ({ endpoint, name: nameOf(endpoint) }));
    named.sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#endpoints = named.map(({ endpoint }) => endpoint);
    this.#slots = fill(
      named.map(({ name }) => name),
      size,
    );
  }

  /**
   * The endpoint of a key, by its hash. One that does not fit is passed over for the one of the next slot, so that its keys are
   * spread over the others and theirs stay. `undefined`: none fits.
   */
  find(hash: number, fits: (endpoint: Endpoint) => boolean): Endpoint | undefined {
    if (this.#endpoints.length === 0) return undefined;
    const size = this.#slots.length;
    let slot = hash % size;
    for (let seen = 0; seen < size; seen++) {
      const endpoint = this.#endpoints[this.#slots[slot]!]!;
      if (fits(endpoint)) return endpoint;
      slot = slot + 1 === size ? 0 : slot + 1;
    }
    return undefined;
  }
}

function fill(names: readonly string[], size: number): Uint16Array | Uint32Array {
  const count = names.length;
  const slots = count > 0xffff ? new Uint32Array(size) : new Uint16Array(size);
  if (count === 0) return slots;
  // Each endpoint goes through all slots in an order of its own, and takes the next free one when it is its turn.
  const position = new Uint32Array(names.map((name) => hash32(name) % size));
  const step = new Uint32Array(names.map((name) => (hash32(name, 0x9747b28c) % (size - 1)) + 1));
  const taken = new Uint8Array(size);
  for (let filled = 0, turn = 0; filled < size; filled++, turn = turn + 1 === count ? 0 : turn + 1) {
    let slot = position[turn]!;
    const skip = step[turn]!;
    while (taken[slot] === 1) {
      slot += skip;
      if (slot >= size) slot -= size;
    }
    taken[slot] = 1;
    slots[slot] = turn;
    position[turn] = slot;
  }
  return slots;
}
