/** A worker that connects as fast as it can, one request a connection, until nothing listens any more. */
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

export type StormOptions = {
  readonly port: number;
  /** Connections at a time. */
  readonly width: number;
  /** Tells `"under way"` after so many answers. */
  readonly tellAfter: number;
};

/** How the connections ended. */
export type StormResult = {
  readonly answered: number;
  readonly refused: number;
  /** By how: reset, or closed without an answer. */
  readonly broken: Readonly<Record<string, number>>;
};

const { port, width, tellAfter } = workerData as StormOptions;
const broken: Record<string, number> = {};
let answered = 0;
let refused = 0;

/** False when the connection was refused or broken. */
function once(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let answer = "";
  let code = "closed";
  socket.on("connect", () => socket.write("GET / HTTP/1.1\r\nHost: app.example.test\r\nConnection: close\r\n\r\n"));
  socket.on("data", (bytes: Buffer) => {
    answer += bytes.latin1Slice();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    code = error.code ?? error.message;
  });
  socket.on("close", () => {
    const whole = answer.startsWith("HTTP/1.1 200 ") && answer.endsWith("\r\n\r\nhere");
    if (whole) answered++;
    else if (code === "ECONNREFUSED") refused++;
    else broken[code] = (broken[code] ?? 0) + 1;
    if (whole && answered === tellAfter) parentPort!.postMessage("under way");
    resolve(whole);
  });
  return promise;
}

await Promise.all(
  Array.from({ length: width }, async () => {
    while (await once());
  }),
);
parentPort!.postMessage({ answered, refused, broken } satisfies StormResult);
