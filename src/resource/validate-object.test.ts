import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "./kinds.ts";
import { validateObject } from "./validate-object.ts";

const metadata = { name: "shop", namespace: "apps" };
const httpRoute = (spec: object) => ({ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata, spec });
const told = (raw: unknown) =>
  validateObject(raw).findings.map(({ name, pointer, message, fix }) => ({ name, pointer, message, fix }));

function read<K extends Resource["kind"]>(kind: K, raw: unknown): Extract<Resource, { kind: K }> {
  const { resource, findings } = validateObject(raw);
  assert.deepEqual(findings, []);
  assert.equal(resource?.kind, kind);
  return resource as Extract<Resource, { kind: K }>;
}

test("validateObject applies the defaults of HTTPRoute at every depth", () => {
  const route = read(
    "HTTPRoute",
    httpRoute({ parentRefs: [{ name: "gw" }], rules: [{ backendRefs: [{ name: "a", port: 80 }] }] }),
  );
  assert.deepEqual(route.spec, {
    parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "gw" }],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        backendRefs: [{ group: "", kind: "Service", name: "a", port: 80, weight: 1 }],
      },
    ],
  });
});

test("validateObject gives an HTTPRoute without rules the default rule", () => {
  assert.deepEqual(read("HTTPRoute", httpRoute({})).spec.rules, [
    { matches: [{ path: { type: "PathPrefix", value: "/" } }] },
  ]);
});

test("validateObject fills in the path of a match that has headers alone, and half a path", () => {
  const { rules } = read(
    "HTTPRoute",
    httpRoute({ rules: [{ matches: [{ method: "GET" }, { path: { value: "/a" } }] }] }),
  ).spec;
  assert.deepEqual(rules[0]?.matches, [
    { method: "GET", path: { type: "PathPrefix", value: "/" } },
    { path: { type: "PathPrefix", value: "/a" } },
  ]);
});

test("validateObject freezes what it gives back, defaults too", () => {
  const { resource } = validateObject(httpRoute({}));
  assert.ok(
    resource?.kind === "HTTPRoute" &&
      Object.isFrozen(resource) &&
      Object.isFrozen(resource.spec.rules[0]?.matches[0]?.path),
  );
});

test("validateObject reads null as an absent field", () => {
  const route = read("HTTPRoute", {
    ...httpRoute({ hostnames: null, rules: [{ matches: null, filters: null }] }),
    metadata: { ...metadata, creationTimestamp: null, labels: null },
    status: null,
  });
  assert.deepEqual(route.spec, { rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }] });
  assert.deepEqual(route.metadata, { name: "shop", namespace: "apps", labels: {}, annotations: {}, generation: 0 });
});

test("validateObject puts namespaced objects without a namespace into default, and cluster-scoped ones into none", () => {
  const plain = { apiVersion: "v1", metadata: { name: "a", namespace: undefined } };
  assert.equal(read("Service", { ...plain, kind: "Service" }).metadata.namespace, "default");
  const gatewayClass = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata,
    spec: { controllerName: "a.b/c" },
  };
  assert.equal("namespace" in read("GatewayClass", gatewayClass).metadata, false);
});

test("validateObject keeps status as it is and leaves unknown fields out", () => {
  const { resource, findings } = validateObject({ ...httpRoute({ bogus: { deep: 1 } }), status: { parents: "odd" } });
  assert.deepEqual(
    findings.map(({ name }) => name),
    ["field-unknown"],
  );
  assert.deepEqual(resource?.status, { parents: "odd" });
  assert.equal(JSON.stringify(resource).includes("bogus"), false);
});

test("validateObject moves stringData of a Secret into data, where it wins", () => {
  const secret = read("Secret", {
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    data: { a: "eA==", b: "eA==" },
    stringData: { b: "ü" },
  });
  assert.deepEqual(secret.data, { a: "eA==", b: Buffer.from("ü").toString("base64") });
  assert.equal("stringData" in secret, false);
});

test("validateObject reads older versions into the current shape", () => {
  for (const apiVersion of ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"]) {
    assert.equal(read("HTTPRoute", { ...httpRoute({}), apiVersion }).apiVersion, "gateway.networking.k8s.io/v1");
  }
});

test("validateObject: version-old names the current version of a deprecated, a removed and a renamed kind", () => {
  const gateway = { gatewayClassName: "c", listeners: [{ name: "a", port: 80, protocol: "HTTP" }] };
  const rows: readonly [apiVersion: string, kind: string, spec: object, fix: string][] = [
    [
      "gateway.networking.k8s.io/v1alpha2",
      "TCPRoute",
      { rules: [{ backendRefs: [{ name: "a", port: 1 }] }] },
      "Write `apiVersion: gateway.networking.k8s.io/v1`.",
    ],
    ["gateway.networking.k8s.io/v1alpha2", "Gateway", gateway, "Write `apiVersion: gateway.networking.k8s.io/v1`."],
    [
      "gateway.networking.x-k8s.io/v1alpha1",
      "XListenerSet",
      { parentRef: { name: "gw" }, listeners: gateway.listeners },
      "Write `apiVersion: gateway.networking.k8s.io/v1` and `kind: ListenerSet`.",
    ],
    [
      "gateway.networking.k8s.io/v1alpha2",
      "ReferencePolicy",
      { from: [{ group: "", kind: "A", namespace: "b" }], to: [{ group: "", kind: "Service" }] },
      "Write `apiVersion: gateway.networking.k8s.io/v1` and `kind: ReferenceGrant`.",
    ],
  ];
  for (const [apiVersion, kind, spec, fix] of rows) {
    const { resource, findings } = validateObject({ apiVersion, kind, metadata, spec });
    assert.ok(resource, kind);
    assert.deepEqual(
      findings.map((finding) => [finding.name, finding.fix]),
      [["version-old", fix]],
    );
  }
});

test("validateObject: a TLSRoute of v1alpha2 may leave hostnames out, one of v1 may not", () => {
  const spec = { rules: [{ backendRefs: [{ name: "a", port: 1 }] }] };
  const alpha = validateObject({ apiVersion: "gateway.networking.k8s.io/v1alpha2", kind: "TLSRoute", metadata, spec });
  assert.deepEqual(alpha.resource?.kind === "TLSRoute" && alpha.resource.spec.hostnames, []);
  assert.deepEqual(told({ apiVersion: "gateway.networking.k8s.io/v1", kind: "TLSRoute", metadata, spec }), [
    {
      name: "field-missing",
      pointer: "/spec/hostnames",
      message: "`spec.hostnames` is missing.",
      fix: "Add hostnames.",
    },
  ]);
});

test("validateObject turns a parentRef to XListenerSet into one to ListenerSet and says so", () => {
  const parentRefs = [{ group: "gateway.networking.x-k8s.io", kind: "XListenerSet", name: "more" }];
  const { resource, findings } = validateObject(httpRoute({ parentRefs }));
  assert.deepEqual(resource?.kind === "HTTPRoute" && resource.spec.parentRefs, [
    { group: "gateway.networking.k8s.io", kind: "ListenerSet", name: "more" },
  ]);
  assert.deepEqual(
    findings.map(({ name, pointer }) => [name, pointer]),
    [["version-old", "/spec/parentRefs"]],
  );
});

test("validateObject: version-retired says what to change in an early BackendTLSPolicy, with its own names", () => {
  const raw = {
    apiVersion: "gateway.networking.k8s.io/v1alpha2",
    kind: "BackendTLSPolicy",
    metadata,
    spec: {
      targetRef: { group: "", kind: "Service", name: "pay" },
      tls: {
        caCertRefs: [{ group: "", kind: "ConfigMap", name: "root" }],
        hostname: "pay.internal",
        verify: "Required",
      },
    },
  };
  assert.equal(validateObject(raw).resource, undefined);
  assert.deepEqual(told(raw), [
    {
      name: "version-retired",
      pointer: "/apiVersion",
      message:
        "BackendTLSPolicy has no version `gateway.networking.k8s.io/v1alpha2`; its fields were renamed in v1alpha3.",
      fix:
        "Write `apiVersion: gateway.networking.k8s.io/v1`. " +
        'Replace targetRef by `spec.targetRefs: [{ group: "", kind: Service, name: pay }]`. ' +
        'Replace tls.caCertRefs by `spec.validation.caCertificateRefs: [{ group: "", kind: ConfigMap, name: root }]`. ' +
        "Write `spec.validation.hostname: pay.internal`. Remove tls.verify.",
    },
  ]);
});

test("validateObject: a BackendTLSPolicy of a version that never was, in today's shape, needs the version alone", () => {
  const validation = { wellKnownCACertificates: "System", hostname: "a" };
  const spec = { targetRefs: [{ group: "", kind: "Service", name: "a" }], validation };
  const [finding] = told({ apiVersion: "gateway.networking.k8s.io/v1beta1", kind: "BackendTLSPolicy", metadata, spec });
  assert.equal(finding?.fix, "Write `apiVersion: gateway.networking.k8s.io/v1`.");
});

test("validateObject: version-unknown for a version, and for a kind with a slip in its name", () => {
  assert.deepEqual(told({ ...httpRoute({}), apiVersion: "gateway.networking.k8s.io/v2" }), [
    {
      name: "version-unknown",
      pointer: "/apiVersion",
      message: "HTTPRoute has no version `gateway.networking.k8s.io/v2`.",
      fix: "Write `apiVersion: gateway.networking.k8s.io/v1` and check the fields.",
    },
  ]);
  assert.deepEqual(told({ ...httpRoute({}), kind: "HttpRoute" }), [
    {
      name: "version-unknown",
      pointer: "/kind",
      message: "gateway.networking.k8s.io/v1 has no kind `HttpRoute`.",
      fix: "Write `kind: HTTPRoute`.",
    },
  ]);
});

test("validateObject ignores kinds of others, also those that share a name with ours", () => {
  const gateway = { apiVersion: "networking.istio.io/v1", kind: "Gateway", metadata, spec: {} };
  const { ignored, resource, findings } = validateObject(gateway);
  assert.deepEqual([ignored, resource, findings], [{ group: "networking.istio.io", kind: "Gateway" }, undefined, []]);
  assert.deepEqual(validateObject({ apiVersion: "v1", kind: "constructor", metadata }).ignored, {
    group: "",
    kind: "constructor",
  });
});

test("validateObject: not-an-object for what is no Kubernetes object", () => {
  for (const raw of [
    "text",
    1,
    [],
    true,
    {},
    { kind: "HTTPRoute" },
    { apiVersion: "v1", kind: 3 },
    { apiVersion: "", kind: "" },
  ]) {
    assert.deepEqual(
      told(raw).map(({ name }) => name),
      ["not-an-object"],
      JSON.stringify(raw),
    );
  }
});

test("validateObject: not-an-object for nesting that no kind needs, without recursing into it", () => {
  let deep: unknown = {};
  for (let depth = 0; depth < 200_000; depth++) deep = { a: deep };
  assert.deepEqual(
    told({ ...httpRoute({}), spec: deep }).map(({ name }) => name),
    ["not-an-object"],
  );
});

test("validateObject takes the names of labels and annotations that the API server takes", () => {
  const prefix = `${"a.".repeat(126)}a`;
  const takes = (metadata: object) =>
    validateObject({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", ...metadata } }).resource !==
    undefined;
  for (const field of ["labels", "annotations"]) {
    assert.ok(takes({ [field]: { [`${prefix}/b`]: "x" } }), `a prefix of 253 characters in ${field}`);
    assert.ok(!takes({ [field]: { [`${prefix}a/b`]: "x" } }), `a prefix of 254 characters in ${field}`);
  }
  assert.ok(takes({ annotations: { "Example.com/a": "x" } }));
  assert.ok(!takes({ labels: { "Example.com/a": "x" } }));
});

test("validateObject: metadata-invalid names each broken part of the metadata", () => {
  const rows: readonly [metadata: unknown, pointer: string, message: string][] = [
    [undefined, "/metadata/name", "`metadata.name` is missing."],
    [{ generateName: "a-" }, "/metadata/name", "`metadata.name` is missing."],
    [
      { name: "My_Shop" },
      "/metadata/name",
      '`metadata.name` must be a lower-case name of letters, digits, `-` and `.`, but it is "My_Shop".',
    ],
    [
      { name: "a", namespace: "A b" },
      "/metadata/namespace",
      '`metadata.namespace` must be a namespace name: lower-case letters, digits and `-`, but it is "A b".',
    ],
    [
      { name: "a", labels: { version: 1 } },
      "/metadata/labels/version",
      "`metadata.labels.version` must be text, but it is 1.",
    ],
    [
      { name: "a", labels: ["x"] },
      "/metadata/labels",
      "`metadata.labels` must be a mapping of fields, but it is a list.",
    ],
    [
      { name: "a", labels: { "a b": "x" } },
      "/metadata/labels/a b",
      '`metadata.labels["a b"]` is not a label or annotation name.',
    ],
    [
      { name: "a", creationTimestamp: "now" },
      "/metadata/creationTimestamp",
      '`metadata.creationTimestamp` must be a time such as `2026-01-31T12:00:00Z`, but it is "now".',
    ],
    ["text", "/metadata", "`metadata` must be a mapping of fields, but it is text."],
  ];
  for (const [value, pointer, message] of rows) {
    const findings = told({ apiVersion: "v1", kind: "ConfigMap", metadata: value });
    assert.deepEqual(
      findings.map((finding) => [finding.name, finding.pointer, finding.message]),
      [["metadata-invalid", pointer, message]],
    );
  }
});

test("validateObject: field-invalid says what the value must be and how to write it", () => {
  const backend = (ref: object) => ({ rules: [{ backendRefs: [{ name: "a", port: 80, ...ref }] }] });
  const rows: readonly [spec: object, pointer: string, message: string, fix: string][] = [
    [
      backend({ port: "80" }),
      "/spec/rules/0/backendRefs/0/port",
      '`spec.rules[0].backendRefs[0].port` must be a whole number, but it is "80".',
      "Write 80 without quotation marks.",
    ],
    [
      backend({ port: "hunter2" }),
      "/spec/rules/0/backendRefs/0/port",
      "`spec.rules[0].backendRefs[0].port` must be a whole number, but it is text.",
      "Write a whole number.",
    ],
    [
      backend({ port: 70000 }),
      "/spec/rules/0/backendRefs/0/port",
      "`spec.rules[0].backendRefs[0].port` must be at most 65535, but it is 70000.",
      "Write a number up to 65535.",
    ],
    [
      backend({ port: 1e12 }),
      "/spec/rules/0/backendRefs/0/port",
      "`spec.rules[0].backendRefs[0].port` must be at most 2147483647, but it is 1000000000000.",
      "Write a number up to 2147483647.",
    ],
    [
      backend({ weight: 1.5 }),
      "/spec/rules/0/backendRefs/0/weight",
      "`spec.rules[0].backendRefs[0].weight` must be a whole number, but it is 1.5.",
      "Write a whole number.",
    ],
    [
      backend({ weight: -1 }),
      "/spec/rules/0/backendRefs/0/weight",
      "`spec.rules[0].backendRefs[0].weight` must be at least 0, but it is -1.",
      "Write a number from 0.",
    ],
    [{ rules: [] }, "/spec/rules", "`spec.rules` must have at least 1 entry.", "Add one, or remove the field."],
    [
      { rules: { a: 1 } },
      "/spec/rules",
      "`spec.rules` must be a list, but it is a mapping of fields.",
      "Write it as a list: put `- ` in front.",
    ],
    [
      { hostnames: "a.b" },
      "/spec/hostnames",
      "`spec.hostnames` must be a list, but it is text.",
      "Write it as a list: put `- ` in front.",
    ],
    [
      { hostnames: ["https://Shop.example.com/"] },
      "/spec/hostnames/0",
      '`spec.hostnames[0]` must be a lower-case DNS name such as `shop.example.com`, or one wildcard in front as in `*.example.com`, without scheme, port or path, but it is "https://Shop.example.com/".',
      'Write "shop.example.com".',
    ],
    [
      { rules: [{ matches: [{ path: { type: "Prefix", value: "/" } }] }] },
      "/spec/rules/0/matches/0/path/type",
      '`spec.rules[0].matches[0].path.type` must be one of Exact, PathPrefix, RegularExpression, but it is "Prefix".',
      "Write one of Exact, PathPrefix, RegularExpression.",
    ],
    [
      { rules: [{ matches: [{ headers: [{ name: "X-Canary", value: true }] }] }] },
      "/spec/rules/0/matches/0/headers/0/value",
      "`spec.rules[0].matches[0].headers[0].value` must be text, but it is true.",
      "Put it in quotation marks.",
    ],
    [
      { rules: [{ timeouts: { request: "1.5s" } }] },
      "/spec/rules/0/timeouts/request",
      '`spec.rules[0].timeouts.request` must be a duration of whole numbers with units h, m, s or ms, such as `10s`, `1m30s` or `500ms`, but it is "1.5s".',
      "Write a duration of whole numbers with units h, m, s or ms, such as `10s`, `1m30s` or `500ms`.",
    ],
    [
      { rules: [{ timeouts: { request: 30 } }] },
      "/spec/rules/0/timeouts/request",
      "`spec.rules[0].timeouts.request` must be text, but it is 30.",
      'Write "30s".',
    ],
    [
      backend({ port: "70000" }),
      "/spec/rules/0/backendRefs/0/port",
      '`spec.rules[0].backendRefs[0].port` must be a whole number, but it is "70000".',
      "Write a number up to 65535.",
    ],
  ];
  for (const [spec, pointer, message, fix] of rows) {
    assert.equal(validateObject(httpRoute(spec)).resource, undefined);
    assert.deepEqual(told(httpRoute(spec)), [{ name: "field-invalid", pointer, message, fix }]);
  }
});

test("validateObject tells of every broken rule of an object, not only of the first", () => {
  const spec = { hostnames: ["A"], rules: [{ backendRefs: [{ port: 0 }] }] };
  assert.deepEqual(
    told(httpRoute(spec)).map(({ name, pointer }) => [name, pointer]),
    [
      ["field-invalid", "/spec/hostnames/0"],
      ["field-missing", "/spec/rules/0/backendRefs/0/name"],
      ["field-invalid", "/spec/rules/0/backendRefs/0/port"],
    ],
  );
});

test("validateObject: field-unknown names the nearest field, or the place where the field belongs", () => {
  const rows: readonly [spec: object, message: string, fix: string][] = [
    [{ hostname: ["a.b"] }, "HTTPRoute has no field `spec.hostname`.", "Write `hostnames`."],
    [{ parentref: [] }, "HTTPRoute has no field `spec.parentref`.", "Write `parentRefs`."],
    [
      { rules: [{ hostnames: ["a.b"] }] },
      "HTTPRoute has no field `spec.rules[0].hostnames`; there is a field of this name at `spec.hostnames`.",
      "Move it to `spec.hostnames`, or remove it.",
    ],
    [
      { rules: [{ rules: [] }] },
      "HTTPRoute has no field `spec.rules[0].rules`.",
      "Remove it, or check its name and indentation.",
    ],
    [{ zzzzzz: 1 }, "HTTPRoute has no field `spec.zzzzzz`.", "Remove it, or check its name and indentation."],
  ];
  for (const [spec, message, fix] of rows) {
    const { resource, findings } = validateObject(httpRoute(spec));
    assert.ok(resource, "an unknown field does not put the object out of force");
    assert.deepEqual(
      findings.map((finding) => [finding.name, finding.severity, finding.message, finding.fix]),
      [["field-unknown", "warning", message, fix]],
    );
  }
});

test("validateObject: field-unknown names the one field that a mapping can have", () => {
  const spec = { type: "ExternalHostname", externalHostname: { hostname: "a.example.com" }, port: { port: 443 } };
  const { findings } = validateObject({
    apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
    kind: "XBackend",
    metadata: { name: "x" },
    spec,
  });
  const unknown = findings.find(({ name }) => name === "field-unknown");
  assert.deepEqual([unknown?.pointer, unknown?.fix], ["/spec/port/port", "Write `number`."]);
});

test("validateObject knows all fields of metadata, and no wrong ones", () => {
  const raw = {
    ...httpRoute({}),
    metadata: { ...metadata, managedFields: [], finalizers: [], resourceVersion: "1", label: {} },
  };
  assert.deepEqual(
    told(raw).map(({ pointer, fix }) => [pointer, fix]),
    [["/metadata/label", "Write `labels`."]],
  );
});

test("validateObject does not call fields of Kubernetes' own kinds unknown, of which it reads some", () => {
  read("Service", {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { ports: [{ port: 80, nodePort: 30080 }], sessionAffinity: "None" },
  });
});

test("validateObject never shows the content of a Secret", () => {
  const rows: readonly object[] = [
    { data: "s3cret" },
    { data: { key: { s3cret: "s3cret" } } },
    { data: ["s3cret"] },
    { data: { pin: 31337 } },
  ];
  for (const fields of rows) {
    const { findings, resource } = validateObject({ apiVersion: "v1", kind: "Secret", metadata, ...fields });
    assert.equal(resource, undefined);
    assert.doesNotMatch(JSON.stringify(findings), /s3cret|31337/);
  }
});

test("validateObject gives findings the position of their field", () => {
  const asked: string[] = [];
  const origin = {
    file: "a.yaml",
    at: (pointer: string) => {
      asked.push(pointer);
      return { file: "a.yaml", line: 7, column: 3 };
    },
  };
  const { findings } = validateObject(httpRoute({ rules: 3 }), origin);
  assert.deepEqual(findings[0]?.position, { file: "a.yaml", line: 7, column: 3 });
  assert.deepEqual(asked, ["/spec/rules"]);
  assert.equal(validateObject(httpRoute({}), origin).resource?.origin, origin);
});
