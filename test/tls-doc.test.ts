import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { flags } from "../src/cli/flags.ts";
import { defaultListenerSettings } from "../src/ir/listener-settings.ts";
import { clientCertificateForwardings } from "../src/proxy/client-certificate.ts";
import { sessionLifetimeSeconds, ticketRotationMs } from "../src/proxy/transport/ticket-keys.ts";
import { clientHelloLimitBytes } from "../src/wire/client-hello.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/reference/tls.md"), "utf8");

test("docs/reference/tls.md: its figures are those of the code", () => {
  const figures = [
    `for ${sessionLifetimeSeconds / 3_600} hours`,
    `every ${ticketRotationMs / 3_600_000} hours`,
    `end of the handshake | ${defaultListenerSettings.handshakeTimeoutMs / 1_000} s |`,
    `where settings depend on the server name | ${defaultListenerSettings.helloTimeoutMs / 1_000} s |`,
    `size of a ClientHello there | ${clientHelloLimitBytes} bytes |`,
  ];
  for (const figure of figures) assert.ok(page.includes(figure), figure);
});

test("docs/reference/tls.md: the flag has just the values that it tells of", () => {
  assert.deepEqual(flags.forwardClientCert.choices, clientCertificateForwardings);
  const told = [...page.matchAll(/^\| `(off|sanitize|append|[a-z_]+)`(?: \(the default\))? \| /gm)].map(
    (row) => row[1],
  );
  for (const value of clientCertificateForwardings) assert.ok(told.includes(value), value);
});
