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

test("TicketKeys.share: several with the same keys understand each other's tickets, also with clocks that differ", () => {
  const period = ticketRotationMs;
  const shared = [0, 1, 2].map((number) => ({ secret: Buffer.alloc(32, number), fromMs: number * period }));
  let nowMs = 1.5 * period;
  const one = new TicketKeys({ now: () => nowMs });
  const two = new TicketKeys({ now: () => 2 * period });
  for (const keys of [one, two]) keys.share(shared);
  const early = one.current("");
  const late = two.current("");
  assert.notDeepEqual(early, late);
  assert.deepEqual(two.find("", early.name), { key: early, renew: true });
  assert.deepEqual(one.find("", late.name), { key: late, renew: true });
  assert.deepEqual(one.find("", early.name), { key: early, renew: false });
  nowMs = 2 * period;
  assert.deepEqual(one.current(""), late, "the next key was given ahead");
  one.share([...shared.slice(1), { secret: Buffer.alloc(32, 3), fromMs: 3 * period }]);
  assert.deepEqual(one.current(""), late);
  assert.deepEqual(one.find("", early.name), { key: early, renew: true });
});

test("TicketKeys.share: keys that nobody has renewed for two periods give way to keys of its own", () => {
  let nowMs = 0;
  const keys = new TicketKeys({ now: () => nowMs });
  keys.share([{ secret: Buffer.alloc(32), fromMs: 0 }]);
  const shared = keys.current("");
  nowMs = 2 * ticketRotationMs - 1;
  assert.deepEqual(keys.current(""), shared);
  nowMs += 1;
  assert.notDeepEqual(keys.current(""), shared);
  assert.equal(keys.find("", shared.name), undefined);
});
