import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { readBeforeEnd } from "./read-before-end.ts";

/** A server that answers the first bytes and drops its connection with others unread, which resets it. */
const refusingServer = `
  const { parentPort, workerData } = require("node:worker_threads");
  const flag = new Int32Array(workerData);
  const server = require("node:net").createServer({ pauseOnConnect: true }, (socket) => {
    socket.write("answer", () => {
      socket.destroy();
      server.close();
      // Its close is the next thing that this thread does.
      setImmediate(() => setImmediate(() => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); }));
    });
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

test("readBeforeEnd: an answer that came before a write failed is read, then the failure is told", async () => {
  const shared = new SharedArrayBuffer(4);
  const worker = new Worker(refusingServer, { eval: true, workerData: shared });
  const [port] = (await once(worker, "message")) as [number];
  const told: string[] = [];
  const buffer = Buffer.alloc(64);
  const callback = (count: number): boolean => told.push(buffer.toString("latin1", 0, count)) > 0;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, onread: { buffer, callback } });
  readBeforeEnd(socket);
  socket.on("error", (error: NodeJS.ErrnoException) => told.push(`${error.syscall}`));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write("unread");
  await once(socket, "connect");
  // This thread reads nothing until the answer and the reset are there; then writing comes first.
  Atomics.wait(new Int32Array(shared), 0, 0);
  socket.write("more");
  await closed;
  assert.deepEqual(told, ["answer", "write"]);
  await worker.terminate();
});
