import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { authorise, type Callers } from "./authorisation.ts";
import { AdminError } from "./parameters.ts";

const token = "0123456789abcdef";

const rows: readonly (readonly [address: string, shown: string | undefined, withToken: number, without: number])[] = [
  ["127.0.0.1", undefined, 200, 200],
  ["127.8.9.10", undefined, 200, 200],
  ["::1", undefined, 200, 200],
  ["::ffff:127.0.0.1", undefined, 200, 200],
  ["10.1.2.3", undefined, 401, 403],
  ["::ffff:10.1.2.3", undefined, 401, 403],
  ["127.evil", undefined, 401, 403],
  ["fd00::1", undefined, 401, 403],
  ["10.1.2.3", `Bearer ${token}`, 200, 403],
  ["10.1.2.3", `bearer  ${token}`, 200, 403],
  ["10.1.2.3", `Bearer ${token}0`, 401, 403],
  ["10.1.2.3", "Bearer ", 401, 403],
  ["10.1.2.3", `Basic ${token}`, 401, 403],
  ["10.1.2.3", token, 401, 403],
  ["127.0.0.1", "Bearer wrong", 401, 200],
];

for (const [remoteAddress, authorization, withToken, without] of rows) {
  test(`authorise: ${remoteAddress} with ${authorization ?? "nothing"}: ${withToken}, without a token ${without}`, async () => {
    const request = {
      headers: { authorization, host: "127.0.0.1:9900" },
      socket: { remoteAddress },
    } as IncomingMessage;
    assert.deepEqual(
      [await outcome(request, { token: async () => token }), await outcome(request, {})],
      [withToken, without],
    );
  });
}

test("authorise: who has the token may call the endpoint what it likes", async () => {
  const request = {
    headers: { authorization: `Bearer ${token}`, host: "sluice.example" },
    socket: {},
  } as IncomingMessage;
  assert.equal(await outcome(request, { token: async () => token }), 200);
});

async function outcome(request: IncomingMessage, callers: Callers): Promise<number> {
  try {
    await authorise(request, callers);
    return 200;
  } catch (error) {
    assert.ok(error instanceof AdminError);
    return error.status;
  }
}
