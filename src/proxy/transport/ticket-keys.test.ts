import assert from "node:assert/strict";
import { test } from "node:test";
import { TicketKeys, ticketRotationMs } from "./ticket-keys.ts";

test("TicketKeys: a key is current for one period, found for another, and then forgotten", () => {
  let nowMs = 5;
  const keys = new TicketKeys({ now: () => nowMs });
  const first = keys.current("");
  nowMs += ticketRotationMs - 1;
  assert.deepEqual(keys.current(""), first);
  assert.deepEqual(keys.find("", first.name), { key: first, renew: false });
  nowMs += 1;
  const second = keys.current("");
  assert.notDeepEqual(second, first);
  assert.deepEqual(keys.find("", first.name), { key: first, renew: true });
  nowMs += ticketRotationMs;
  assert.equal(keys.find("", first.name), undefined);
  assert.deepEqual(keys.find("", second.name), { key: second, renew: true });
});

test("TicketKeys: a key that was not used for two periods is not kept for a third", () => {
  let nowMs = 0;
  const keys = new TicketKeys({ now: () => nowMs });
  const first = keys.current("");
  nowMs = 2 * ticketRotationMs;
  assert.equal(keys.find("", first.name), undefined);
});

test("TicketKeys: scopes have keys of their own", () => {
  const keys = new TicketKeys();
  const one = keys.current("one");
  assert.notDeepEqual(keys.current("two"), one);
  assert.equal(keys.find("two", one.name), undefined);
  assert.deepEqual(
    [one.name, one.hmac, one.aes].map(({ length }) => length),
    [16, 16, 16],
  );
});
