import assert from "node:assert/strict";
import { test } from "node:test";
import { compileYaml, gateway, ourClass } from "../../../test/compile-status.ts";
import { makeCertificate, tlsSecret } from "../../../test/test-certificate.ts";
import { intermediateSuites } from "../../ir/tls-profile.ts";

const own = makeCertificate({ names: ["shop.example.com"] });
const secret = tlsSecret("cert", "infra", { crt: own.certPem, key: own.keyPem });

/** What a listener with these options asks of handshakes, and the findings. */
function compiled(options: Readonly<Record<string, string>>) {
  const tls = `tls: { certificateRefs: [{ name: cert }], options: ${JSON.stringify(options)} }`;
  const { result, names } = compileYaml([
    ourClass,
    secret,
    gateway(`{ name: https, port: 443, protocol: HTTPS, ${tls} }`),
  ]);
  const listener = result.routing.gateways[0]?.listeners[0];
  const policy = listener?.protocol === "HTTPS" ? listener.tls : undefined;
  return {
    names: names.filter((name) => name.startsWith("tls-")),
    message: result.findings.find(({ name }) => name.startsWith("tls-"))?.message ?? "",
    minVersion: policy?.minVersion,
    cipherSuites: policy?.cipherSuites,
    groups: policy?.groups,
  };
}

const profile = (name: string, more: Readonly<Record<string, string>> = {}) =>
  compiled({ "sluice.dev/tls-profile": name, ...more });

test("readTlsOptions: the intermediate profile is the default, and modern is TLS 1.3 alone", () => {
  for (const plain of [compiled({}), profile("intermediate"), profile("custom")]) {
    assert.deepEqual(
      [plain.names, plain.minVersion, plain.cipherSuites, plain.groups],
      [[], "TLSv1.2", undefined, undefined],
    );
  }
  assert.deepEqual([profile("modern").names, profile("modern").minVersion], [[], "TLSv1.3"]);
  assert.equal(intermediateSuites.length, 9);
});

test("readTlsOptions: a custom profile lists suites and groups by either of their names, in the order of preference", () => {
  const custom = profile("custom", {
    "sluice.dev/tls-cipher-suites": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls_aes_128_gcm_sha256,ECDHE-RSA-AES128-SHA",
    "sluice.dev/tls-groups": "P-521 X25519",
  });
  assert.deepEqual(custom.names, []);
  assert.deepEqual(custom.cipherSuites, ["ECDHE-RSA-AES128-SHA", "TLS_AES_128_GCM_SHA256"]);
  assert.deepEqual(custom.groups, ["secp521r1", "X25519"]);
});

test("readTlsOptions: what cannot be honoured is told with its reason and closes the listener", () => {
  const suites = "sluice.dev/tls-cipher-suites";
  const groups = "sluice.dev/tls-groups";
  const minVersion = "sluice.dev/tls-min-version";
  for (const [options, says] of [
    [{ "sluice.dev/tls-profile": "old" }, /is "old"; there are modern, intermediate, custom/],
    [{ "sluice.dev/tls-profile": "modern", [minVersion]: "1.2" }, /the modern profile is TLS 1.3 only/],
    [{ [minVersion]: "1.1" }, /is "1.1"; "1.2" and "1.3" are supported/],
    [{ [suites]: "TLS_AES_128_GCM_SHA256" }, /cannot be used with profile intermediate/],
    [{ "sluice.dev/tls-profile": "custom", [suites]: "RC4-MD5" }, /names "RC4-MD5", which is not supported/],
    [{ "sluice.dev/tls-profile": "custom", [suites]: " , " }, /is empty/],
    [{ "sluice.dev/tls-profile": "custom", [groups]: "secp256k1" }, /names "secp256k1", which is not supported/],
    [
      { "sluice.dev/tls-profile": "custom", [minVersion]: "1.3", [suites]: "ECDHE-RSA-AES128-SHA" },
      /names no TLS 1.3 suite/,
    ],
  ] as const) {
    const { names, message } = compiled(options);
    assert.deepEqual(names, ["tls-option-invalid"], JSON.stringify(options));
    assert.match(message, says);
  }
});
