/** Sessions kept for one backend; real ones have far fewer endpoints at a time. */
const maxSessions = 256;

/**
 * The newest TLS session with each endpoint of a backend. One TLS context has one store: what a session has verified is what
 * the context asks for, so a resumed connection needs no second look.
 */
export class UpstreamSessions {
  readonly #sessions = new Map<string, Buffer>();

  /** `endpoint` is the address with whatever else must be the same, such as the protocols offered. */
  get(endpoint: string): Buffer | undefined {
    return this.#sessions.get(endpoint);
  }

  /** Keeps the session in place of an earlier one; the endpoint that was heard of least recently makes room. */
  keep(endpoint: string, session: Buffer): void {
    this.#sessions.delete(endpoint);
    this.#sessions.set(endpoint, session);
    if (this.#sessions.size <= maxSessions) return;
    const oldest = this.#sessions.keys().next();
    if (!oldest.done) this.#sessions.delete(oldest.value);
  }

  /** A handshake with it failed. */
  forget(endpoint: string): void {
    this.#sessions.delete(endpoint);
  }
}
