import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { SocketTransport } from "./socket-transport.ts";

/** Two ends of a connection. */
async function pair(): Promise<readonly [near: Socket, far: Socket]> {
  const server = createServer({ highWaterMark: 16 * 1024 }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [near] = (await once(server, "connection")) as [Socket];
  server.close();
  return [near, far];
}

test("a paused transport reads nothing more, and goes on where it stopped", async () => {
  const [near, far] = await pair();
  const transport = new SocketTransport(near, "reference");
  const sent = Buffer.alloc(2_000_000, "0123456789");
  const received: Buffer[] = [];
  let pauses = 0;
  let held = 0;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  transport.attach(
    {
      onData(bytes, start, end) {
        received.push(Buffer.from(bytes.subarray(start, end)));
        if (++pauses > 5) return;
        transport.pause();
        // As many turns as it would take the system to deliver more.
        let turns = 20;
        const look = (): void => {
          held = Math.max(held, near.readableLength);
          if (turns-- > 0) setImmediate(look);
          else transport.resume();
        };
        look();
      },
      onEnd: resolve,
      onDrain() {},
      onClose() {},
    },
    "data",
  );
  far.end(sent);
  await ended;
  assert.equal(held, 0);
  assert.deepEqual(Buffer.concat(received), sent);
  near.destroy();
});

test("a transport is congested while a write waits, and not behind one that was taken in full", async () => {
  const [near, far] = await pair();
  const transport = new SocketTransport(near, "reference");
  const { promise: drained, resolve } = Promise.withResolvers<void>();
  transport.attach({ onData() {}, onEnd() {}, onDrain: resolve, onClose() {} }, "none");
  const part = Buffer.alloc(32 * 1024);
  assert.equal(transport.write(part, 0, part.length), true);
  assert.equal(transport.congested, false);
  while (transport.write(Buffer.alloc(part.length), 0, part.length) && transport.queuedBytes === 0);
  assert.equal(transport.congested, true);
  far.resume();
  await drained;
  assert.equal(transport.congested, false);
  near.destroy();
  far.destroy();
});
