import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressGuard, type GuardedNetwork, RefusedAddressError } from "./address-guard.ts";

const rows: readonly (readonly [address: string, kind: GuardedNetwork | undefined])[] = [
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["::1", "loopback"],
  ["0:0:0:0:0:0:0:1", "loopback"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:7f00:1", "loopback"],
  ["169.254.169.254", "linkLocal"],
  ["fe80::1", "linkLocal"],
  ["fe80::1%eth0", "linkLocal"],
  ["::ffff:169.254.169.254", "linkLocal"],
  ["febf::1", "linkLocal"],
  ["0.0.0.0", "unspecified"],
  ["0.1.2.3", "unspecified"],
  ["::", "unspecified"],
  ["224.0.0.1", "multicast"],
  ["239.255.255.255", "multicast"],
  ["255.255.255.255", "multicast"],
  ["ff02::1", "multicast"],
  ["10.0.0.1", undefined],
  ["126.255.255.255", undefined],
  ["128.0.0.1", undefined],
  ["169.253.0.1", undefined],
  ["240.0.0.1", undefined],
  ["fec0::1", undefined],
  ["2001:db8::1", undefined],
  ["example.com", undefined],
];

test("AddressGuard.refusal() refuses loopback, link-local, unspecified and multicast addresses, however they are written", () => {
  const guard = new AddressGuard();
  for (const [address, kind] of rows) assert.equal(guard.refusal(address) !== undefined, kind !== undefined, address);
});

test("AddressGuard.refusal() lets in the kinds that are allowed, and no other", () => {
  for (const allowed of ["loopback", "linkLocal", "unspecified", "multicast"] as const) {
    const guard = new AddressGuard([allowed]);
    for (const [address, kind] of rows) {
      assert.equal(guard.refusal(address) !== undefined, kind !== undefined && kind !== allowed, address);
    }
  }
});

function resolve(guard: AddressGuard, hostname: string, all: boolean): Promise<unknown> {
  return new Promise((done, fail) =>
    guard.lookup(hostname, { all }, (error, found) => (error === null ? done(found) : fail(error))),
  );
}

test("AddressGuard.lookup() judges what a name leads to, also numbers that only the resolver understands", async () => {
  const guard = new AddressGuard();
  for (const name of ["localhost", "127.1", "2130706433", "0x7f.1"]) {
    await assert.rejects(resolve(guard, name, false), RefusedAddressError, name);
    await assert.rejects(resolve(guard, name, true), RefusedAddressError, name);
  }
});

test("AddressGuard.lookup() answers with one address or all, as it is asked", async () => {
  const guard = new AddressGuard(["loopback"]);
  assert.match(String(await resolve(guard, "localhost", false)), /^(127\.0\.0\.1|::1)$/);
  assert.ok(Array.isArray(await resolve(guard, "localhost", true)));
});
