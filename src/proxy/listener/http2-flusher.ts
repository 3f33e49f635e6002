/** Something that has output to write. */
export interface Flushable {
  flush(): void;
  /** `flush` threw, which is our bug: it costs this connection and no other. */
  onBug(error: unknown): void;
  destroy(): void;
}

let waiting: Flushable[] = [];

/**
 * Writes once at the end of this turn of the event loop, after everything that was read in it has been dealt with: all
 * frames that a turn produces for a connection share one write.
 */
export function flushAfterTurn(connection: Flushable): void {
  if (waiting.length === 0) setImmediate(flushAll);
  waiting.push(connection);
}

function flushAll(): void {
  const connections = waiting;
  waiting = [];
  for (let i = 0; i < connections.length; i++) {
    const connection = connections[i]!;
    try {
      connection.flush();
    } catch (error) {
      connection.onBug(error);
      connection.destroy();
    }
  }
}
