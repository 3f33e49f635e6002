import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseCidr } from "../base/cidr.ts";
import { createLogger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { initialFlags } from "./flags.ts";
import { allotAddresses, planeOptions } from "./plane-options.ts";

const parts = { telemetry: {} as Telemetry, log: createLogger({ write: () => {} }) };

test("allotAddresses() gives each Gateway one address, the same ever after, until the range is used up", () => {
  const network = parseCidr("127.0.10.0/30");
  assert.ok(network);
  const allot = allotAddresses(network);
  assert.deepEqual(["a", "b", "a", "c"].map(allot), ["127.0.10.1", "127.0.10.2", "127.0.10.1", undefined]);
});

test("planeOptions() maps ports, and takes header names in any case", async () => {
  const flags = { ...initialFlags(), mapPort: [{ listenerPort: 80, localPort: 0 }], tenantHeader: "X-Tenant" };
  const options = await planeOptions(flags, parts);
  assert.deepEqual(
    [80, 81].map((port) => options.mapPort?.(port)),
    [0, 81],
  );
  assert.deepEqual(options.tenant, { label: "tenant", header: "x-tenant" });
});

test("planeOptions() refuses a range of addresses that is none", async () => {
  await assert.rejects(planeOptions({ ...initialFlags(), gatewayAddresses: "10.0.0.0/99" }, parts), {
    name: "UsageError",
    message: '"10.0.0.0/99" is not a range of addresses. Write it as in 127.0.10.0/24.',
  });
});

const clashes: readonly { readonly ports: readonly (readonly [number, number])[]; readonly says: string }[] = [
  {
    ports: [
      [80, 8080],
      [80, 8081],
    ],
    says: "--map-port is given twice for port 80.",
  },
  {
    ports: [
      [80, 8080],
      [443, 8080],
    ],
    says: "--map-port maps both 80 and 443 to 8080. Choose different local ports.",
  },
];

for (const { ports, says } of clashes) {
  test(`planeOptions() refuses the port mappings ${ports.map((pair) => pair.join(":")).join(" ")}`, async () => {
    const mapPort = ports.map(([listenerPort, localPort]) => ({ listenerPort, localPort }));
    await assert.rejects(planeOptions({ ...initialFlags(), mapPort }, parts), { name: "UsageError", message: says });
  });
}

test("planeOptions() reads the session key, and refuses one that is short or missing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "session-key-"));
  const keyFile = (text: string) => {
    const path = join(folder, `${text.length}`);
    writeFileSync(path, text);
    return { ...initialFlags(), sessionKeyFile: path };
  };
  try {
    const key = "k".repeat(32);
    assert.equal((await planeOptions(keyFile(`${key}\n`), parts)).sessionKey?.toString(), key);
    await assert.rejects(planeOptions(keyFile("short"), parts), { name: "UsageError", message: /has 5 bytes/ });
    const absent = { ...initialFlags(), sessionKeyFile: join(folder, "absent") };
    await assert.rejects(planeOptions(absent, parts), { name: "UsageError", message: /cannot be read/ });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
