/** Something that lives on a socket and can be ended. */
export interface Open {
  destroy(): void;
}

/** What is open on a listener: waits for its end when the listener goes. */
export class OpenSet {
  readonly #members = new Set<Open>();
  #onEmpty: (() => void) | undefined;

  get size(): number {
    return this.#members.size;
  }

  add(member: Open): void {
    this.#members.add(member);
  }

  delete(member: Open): void {
    if (this.#members.delete(member) && this.#members.size === 0) this.#onEmpty?.();
  }

  /** Resolves when all are gone, which is at the deadline at the latest. */
  async drain(deadlineMs: number): Promise<void> {
    if (this.#members.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const member of [...this.#members]) member.destroy();
      }, deadlineMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
