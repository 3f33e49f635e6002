import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import { initialFlags } from "./flags.ts";
import { listenerSettings } from "./listener-settings.ts";

test("listenerSettings() are the defaults without flags, and take every flag that decides one", () => {
  assert.deepEqual(listenerSettings(initialFlags()), defaultListenerSettings);
  const flags = {
    trustedHops: 2,
    trustedHeader: "forwarded",
    forwardClientCert: "append",
    proxyProtocolFrom: ["10.0.0.0/8"],
    bodyRate: 0,
    bodyTimeout: 90,
  } as const;
  assert.deepEqual(listenerSettings(flags), {
    ...defaultListenerSettings,
    trust: { trustedHops: 2, source: "forwarded" },
    forwardClientCertificate: "append",
    proxyProtocolFrom: ["10.0.0.0/8"],
    requestBodyRate: 0,
    requestBodyTimeoutMs: 90_000,
  });
});
