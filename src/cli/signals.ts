/** What a process that serves does when it is told to. */
export type SignalHandlers = {
  /** SIGHUP. */
  readonly reload: () => void;
  /** The first SIGTERM or SIGINT. */
  readonly stop: () => void;
  /** The second: somebody is in a hurry. */
  readonly abort: () => void;
};

/** Listens for signals until disposed. */
export function handleSignals({ reload, stop, abort }: SignalHandlers): Disposable {
  let stopping = false;
  const onStop = () => {
    if (stopping) return abort();
    stopping = true;
    stop();
  };
  process.on("SIGHUP", reload);
  process.on("SIGTERM", onStop);
  process.on("SIGINT", onStop);
  return {
    [Symbol.dispose]() {
      process.off("SIGHUP", reload);
      process.off("SIGTERM", onStop);
      process.off("SIGINT", onStop);
    },
  };
}

/**
 * Keeps a process that serves alive when something of its own throws where nobody catches it: that costs the request that
 * it happened to, and is told, and everybody else is still served.
 */
export function surviveBugs(tell: (error: unknown) => void): Disposable {
  process.on("uncaughtException", tell);
  process.on("unhandledRejection", tell);
  return {
    [Symbol.dispose]() {
      process.off("uncaughtException", tell);
      process.off("unhandledRejection", tell);
    },
  };
}
