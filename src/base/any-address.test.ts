import assert from "node:assert/strict";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { anyAddress, boundHost } from "./any-address.ts";

test("anyAddress: both families where the system has IPv6", async () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((rows) => rows?.some(({ family }) => family === "IPv6"));
  assert.equal(await anyAddress(), hasIpv6 ? "::" : "0.0.0.0");
});

test("anyAddress: IPv4 alone where the system refuses the other", async () => {
  const open = () => {
    const server = createServer();
    server.listen = () => {
      queueMicrotask(() => server.emit("error", Object.assign(new Error("no"), { code: "EAFNOSUPPORT" })));
      return server;
    };
    return server;
  };
  assert.equal(await anyAddress(open), "0.0.0.0");
});

test("boundHost: a star is every address, and any other host is itself", async () => {
  assert.equal(await boundHost("*"), await anyAddress());
  assert.equal(await boundHost("127.0.0.1"), "127.0.0.1");
  assert.equal(await boundHost("localhost"), "localhost");
});
