/** Something that lives on a socket and can be ended. */
export interface Open {
  destroy(): void;
  /** Bytes that wait in this process to be sent on. Absent: none. */
  readonly queuedBytes?: number;
}

/** What is open on a listener, to be ended with it. */
export class OpenSet {
  readonly #members = new Set<Open>();

  get queuedBytes(): number {
    let bytes = 0;
    for (const member of this.#members) bytes += member.queuedBytes ?? 0;
    return bytes;
  }

  add(member: Open): void {
    this.#members.add(member);
  }

  delete(member: Open): void {
    this.#members.delete(member);
  }

  destroyAll(): void {
    for (const member of [...this.#members]) member.destroy();
  }
}
