import { parseCidr } from "../../base/cidr.ts";

/** A request at an endpoint whose client had not sent all of its body when it got there. */
export interface Upload {
  /** Address of the client. */
  readonly clientAddress: string;
  /** When the client was last heard, on the clock of `performance.now`; `Infinity` while it is not the client that is waited for. */
  readonly waitingSinceMs: number;
  /** Ends the request: its place is needed. */
  giveWay(): void;
}

/**
 * The uploads at one endpoint: who has to go when it has no place left. A request that waits for its client makes way for one
 * that could go on, the client that has most of them first, so that no client keeps the others out by being slow.
 */
export class Uploads {
  readonly #all = new Set<Upload>();

  add(upload: Upload): void {
    this.#all.add(upload);
  }

  delete(upload: Upload): void {
    this.#all.delete(upload);
  }

  /**
   * Ends one upload for the sake of a request of `clientAddress`: one of a client that has at least two more of them, or one that
   * was silent for `patienceMs`. False: there is none. Costs a walk over all, which only a full endpoint pays.
   */
  makeRoom(clientAddress: string, nowMs: number, patienceMs: number): boolean {
    const perClient = new Map<string, number>();
    for (const { clientAddress: address, waitingSinceMs } of this.#all) {
      if (waitingSinceMs > nowMs) continue;
      const client = clientOf(address);
      perClient.set(client, (perClient.get(client) ?? 0) + 1);
    }
    const own = perClient.get(clientOf(clientAddress)) ?? 0;
    let chosen: Upload | undefined;
    let chosenCount = 0;
    for (const upload of this.#all) {
      if (upload.waitingSinceMs > nowMs) continue;
      const count = perClient.get(clientOf(upload.clientAddress))!;
      if (count < own + 2 && upload.waitingSinceMs > nowMs - patienceMs) continue;
      if (chosen !== undefined && count < chosenCount) continue;
      if (chosen !== undefined && count === chosenCount && upload.waitingSinceMs >= chosen.waitingSinceMs) continue;
      chosen = upload;
      chosenCount = count;
    }
    chosen?.giveWay();
    return chosen !== undefined;
  }
}

/** Addresses of IPv6 are given out by networks of 64 bits: one of them is one client. */
function clientOf(address: string): string {
  return address.includes(":") ? (parseCidr(`${address}/64`)?.text ?? address) : address;
}
