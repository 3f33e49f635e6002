import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { createSnapshot } from "../store/create-snapshot.ts";
import { SelfSignedSecrets } from "./self-signed-secrets.ts";

const empty = createSnapshot([]);
const nowMs = Date.UTC(2026, 5, 1);
const missing = [{ namespace: "shop", name: "tls", hostnames: ["b.example.com", "a.example.com"] }];

test("fill() adds a TLS Secret for the hostnames, and leaves everything else as it was", () => {
  const filled = new SelfSignedSecrets().fill(empty, missing, nowMs);
  const secret = filled.get("Secret", "shop", "tls");
  assert.equal(secret?.type, "kubernetes.io/tls");
  const certificate = new X509Certificate(Buffer.from(secret.data["tls.crt"] ?? "", "base64"));
  assert.equal(certificate.subjectAltName, "DNS:a.example.com, DNS:b.example.com");
  assert.deepEqual(filled.list("Secret"), [secret]);
  assert.equal(filled.get("Secret", "shop", "other"), undefined);
  assert.equal(filled.list("Gateway"), empty.list("Gateway"));
  assert.equal(new SelfSignedSecrets().fill(empty, [], nowMs), empty);
});

test("fill() keeps a certificate from call to call, and makes a new one before it ends or when hostnames change", () => {
  const secrets = new SelfSignedSecrets();
  const first = secrets.fill(empty, missing, nowMs).get("Secret", "shop", "tls");
  const day = 86_400_000;
  assert.equal(secrets.fill(empty, missing, nowMs + 28 * day).get("Secret", "shop", "tls"), first);
  assert.notEqual(secrets.fill(empty, missing, nowMs + 29 * day).get("Secret", "shop", "tls"), first);
  const other = [{ namespace: "shop", name: "tls", hostnames: ["c.example.com"] }];
  assert.notEqual(secrets.fill(empty, other, nowMs).get("Secret", "shop", "tls"), first);
});
