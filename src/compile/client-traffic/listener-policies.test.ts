import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultOptions, resourcesOf, yaml } from "../../../test/compile-case.ts";
import { ourClass } from "../../../test/compile-status.ts";
import { defaultListenerSettings } from "../../ir/listener-settings.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compile } from "../compile.ts";

const gateway = (listeners: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec: { gatewayClassName: ours, listeners: [${listeners}] }`;

const policy = (name: string, section: string, spec: string) => `apiVersion: gateway.sluice.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: { name: ${name}, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge${section === "" ? "" : `, sectionName: ${section}`} }]
${spec}`;

const two =
  "{ name: a, port: 80, protocol: HTTP, hostname: a.test }, { name: b, port: 80, protocol: HTTP, hostname: b.test }";

function run(...documents: readonly string[]) {
  const { routing, findings } = compile(createSnapshot(resourcesOf(yaml(ourClass, ...documents))), defaultOptions);
  const listeners = routing.gateways[0]?.listeners ?? [];
  return {
    listeners: Object.fromEntries(listeners.map((listener) => [listener.name, listener])),
    findings: findings
      .filter(({ code }) => code.startsWith("SL60"))
      .map(({ name, object }) => `${name} ${object.name}`),
  };
}

test("a policy for the first listener of a port counts for the others in what the port shares, and says so", () => {
  const { listeners, findings } = run(
    gateway(two),
    policy("p", "a", "  timeout: { http: { idleTimeout: 5s } }\n  headers: { requestID: Disable }"),
  );
  assert.deepEqual(
    ["a", "b"].map((name) => [listeners[name]?.settings.idleTimeoutMs, listeners[name]?.settings.requestId]),
    [
      [5_000, "drop"],
      [5_000, "keep"],
    ],
  );
  assert.deepEqual(findings, ["client-setting-spreads p"]);
});

test("a policy for another listener of a port is told what it cannot have, and gets the rest", () => {
  const { listeners, findings } = run(
    gateway(two),
    policy("p", "b", "  timeout: { http: { idleTimeout: 5s } }\n  headers: { requestID: Disable }"),
  );
  const { idleTimeoutMs, requestId } = listeners["b"]!.settings;
  assert.deepEqual([idleTimeoutMs, requestId], [defaultListenerSettings.idleTimeoutMs, "drop"]);
  assert.deepEqual(findings, ["client-setting-conflicts p"]);
});

test("what has no bounds in the policy has them here", () => {
  const { listeners, findings } = run(
    gateway(two),
    policy(
      "p",
      "",
      `  clientIPDetection: { xForwardedFor: { numTrustedHops: 33 } }
  headers: { maxRequestHeaderLimit: 2Mi, xForwardedClientCert: { mode: ForwardOnly } }
  http2: { initialStreamWindowSize: 1Ki, initialConnectionWindowSize: 3Gi }`,
    ),
  );
  const { trust, headBytes, http2 } = listeners["a"]!.settings;
  assert.deepEqual(
    { trust, headBytes, http2 },
    {
      trust: { trustedHops: 0, source: "x-forwarded-for" },
      headBytes: defaultListenerSettings.headBytes,
      http2: defaultListenerSettings.http2,
    },
  );
  assert.equal(
    findings.every((finding) => finding === "client-setting-invalid p"),
    true,
  );
  assert.equal(findings.length, 5);
});

test("a policy with a field that is not served and keeps something out lets nothing in", () => {
  const { listeners } = run(
    gateway(two),
    policy("p", "b", "  headers: { earlyRequestHeaders: { removeOnMatch: [{ value: x-user }] } }"),
  );
  const [a, b] = ["a", "b"].map((name) => listeners[name]);
  assert.deepEqual(a && "filters" in a && a.filters, []);
  assert.partialDeepStrictEqual(b && "filters" in b && b.filters[0]?.filter, { kind: "directResponse", status: 500 });
});

test("a changed policy does not change the listener's hash unless its settings are others", () => {
  const hashOf = (spec: string) => run(gateway(two), policy("p", "", spec)).listeners["a"]?.hash;
  assert.equal(
    hashOf("  tcpKeepalive: { idleTime: 60s }"),
    hashOf("  connection: { connectionLimit: { value: 65536 } }"),
  );
  assert.notEqual(hashOf("  tcpKeepalive: { idleTime: 60s }"), hashOf("  tcpKeepalive: { idleTime: 61s }"));
});

test("headers of a policy may hold operators, which each request fills in", () => {
  const early = (value: string) =>
    run(
      gateway(two),
      policy("p", "a", `  headers: { earlyRequestHeaders: { set: [{ name: X-Scheme, value: "${value}" }] } }`),
    );
  const listener = early("%REQ(:SCHEME)%").listeners["a"]!;
  const filters = "filters" in listener ? listener.filters.map(({ filter }) => filter) : [];
  assert.deepEqual(filters, [
    {
      kind: "headerMutation",
      request: {
        set: [{ name: "x-scheme", value: [{ from: "scheme" }] }],
        add: [],
        addIfAbsent: [],
        remove: [],
        removeOnMatch: [],
      },
      response: { set: [], add: [], addIfAbsent: [], remove: [], removeOnMatch: [] },
    },
  ]);
  assert.deepEqual(early("%NO_SUCH_OPERATOR%").findings, ["client-setting-invalid p"]);
});
