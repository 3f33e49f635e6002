/** Something that lives on a socket and can be ended. */
export interface Open {
  destroy(): void;
  /** Bytes that wait in this process to be sent on. Absent: none. */
  readonly queuedBytes?: number;
}

/** What is open on a listener: waits for its end when the listener goes. */
export class OpenSet {
  readonly #members = new Set<Open>();
  #onEmpty: (() => void) | undefined;

  get queuedBytes(): number {
    let bytes = 0;
    for (const member of this.#members) bytes += member.queuedBytes ?? 0;
    return bytes;
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
