import assert from "node:assert/strict";
import { test } from "node:test";
import { flags, flagsOf } from "../../src/cli/flags.ts";
import { installObjects } from "../../src/install/manifests.ts";
import {
  type InstallOptions,
  initialOptions,
  installOptionRows,
  optionNames,
  optionProblem,
} from "../../src/install/options.ts";
import { installedPath } from "../../src/install/resource-path.ts";
import { identitySecretType } from "../../src/provision/desired-objects.ts";
import { managedKinds } from "../../src/provision/managed-kinds.ts";

// biome-ignore lint/suspicious/noExplicitAny: manifests are read field by field
type Loose = Record<string, any>;

const objectsOf = (changes: Partial<InstallOptions> = {}): readonly Loose[] =>
  installObjects({ ...initialOptions("1.2.3"), ...changes }, "1.2.3") as readonly Loose[];

function one(kind: string, changes: Partial<InstallOptions> = {}): Loose {
  const found = objectsOf(changes).find((object) => object["kind"] === kind);
  assert.ok(found, kind);
  return found;
}

const pod = (changes: Partial<InstallOptions> = {}): Loose => one("Deployment", changes)["spec"].template.spec;
const container = (changes: Partial<InstallOptions> = {}): Loose => pod(changes)["containers"][0];

/** Sets of options that together reach every branch. */
const variants: readonly Partial<InstallOptions>[] = [
  {},
  { plane: "embedded", publishAddresses: ["203.0.113.7"], logLevel: "debug" },
  { watchNamespaces: ["shop"], "networkPolicy.create": true, logLevel: "error", replicas: 1 },
  { dataPlaneNamespaces: ["edge"], "networkPolicy.create": true, "networkPolicy.metricsNamespaces": ["monitoring"] },
  { createNamespace: false, "gatewayClass.create": false, imagePullSecrets: ["pull"], priorityClassName: "high" },
];

test("every object has a place in the API, and no two the same", () => {
  for (const options of variants) {
    const places = objectsOf(options).map((object) => JSON.stringify(installedPath(object)));
    assert.equal(new Set(places).size, places.length);
  }
});

test("names, labels and selectors belong together", () => {
  for (const options of variants) {
    const labels = one("Deployment", options)["spec"].template.metadata.labels;
    const selects = (selector: Loose) => Object.entries(selector).every(([key, value]) => labels[key] === value);
    assert.ok(selects(one("Deployment", options)["spec"].selector.matchLabels));
    for (const service of objectsOf(options).filter(({ kind }) => kind === "Service")) {
      assert.ok(selects(service["spec"].selector));
      for (const { targetPort } of service["spec"].ports) {
        const named = container(options)["ports"].some((port: Loose) => port["name"] === targetPort);
        assert.ok(named || typeof targetPort === "number", String(targetPort));
      }
    }
  }
});

test("a label of the user's does not replace what the Deployment selects by", () => {
  const { labels } = one("Deployment", { podLabels: { "app.kubernetes.io/name": "other", team: "edge" } })["spec"]
    .template.metadata;
  assert.equal(labels["app.kubernetes.io/name"], "sluice");
  assert.equal(labels.team, "edge");
});

test("the pod keeps to the restricted pod security standard, with a read-only root", () => {
  for (const options of variants) {
    const { securityContext, hostNetwork, hostPID, volumes } = pod(options);
    assert.deepEqual([hostNetwork, hostPID, volumes], [undefined, undefined, undefined]);
    assert.equal(securityContext.runAsNonRoot, true);
    assert.ok(securityContext.runAsUser > 0);
    assert.deepEqual(securityContext.seccompProfile, { type: "RuntimeDefault" });
    const allowedSysctls = ["net.ipv4.ip_unprivileged_port_start"];
    for (const { name } of securityContext.sysctls ?? []) assert.ok(allowedSysctls.includes(name), name);
    assert.deepEqual(container(options)["securityContext"], {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  }
  assert.equal(one("Namespace")["metadata"].labels["pod-security.kubernetes.io/enforce"], "restricted");
});

test("every argument of the controller is a flag that it has, with a value that the flag takes", () => {
  const known = flagsOf("controller").map((name) => flags[name]);
  for (const options of variants) {
    const [command, ...args] = container(options)["args"] as string[];
    assert.equal(command, "controller");
    for (const argument of args) {
      const [long, ...value] = argument.split("=");
      const flag = known.find((one) => one.long === long);
      assert.ok(flag, argument);
      assert.equal(value.length > 0, flag.argument !== undefined, argument);
      if (flag.parse !== undefined)
        (flag.parse as (text: string, previous: unknown) => unknown)(value.join("="), flag.initial);
    }
  }
});

test("probes ask the port that the admin endpoint listens on", () => {
  const { ports, startupProbe, livenessProbe, readinessProbe } = container();
  const admin = ports.find(({ name }: Loose) => name === "admin").containerPort;
  assert.ok(container()["args"].includes(`--admin=*:${admin}`));
  assert.deepEqual(
    [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => `${httpGet.port}${httpGet.path}`),
    ["admin/livez", "admin/livez", "admin/readyz"],
  );
});

test("only several replicas have a PodDisruptionBudget", () => {
  const kinds = (replicas: number) => objectsOf({ replicas }).map(({ kind }) => kind);
  assert.ok(kinds(2).includes("PodDisruptionBudget"));
  assert.ok(!kinds(1).includes("PodDisruptionBudget"));
});

test("an image's digest takes the place of its tag, also for data planes", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const { image, args } = container({ "image.repository": "example.com/sluice", "image.digest": digest });
  assert.equal(image, `example.com/sluice@${digest}`);
  assert.ok(args.includes(`--data-plane-image=example.com/sluice@${digest}`));
  assert.equal(container()["image"], "sluice:1.2.3");
});

test("data planes fetch their image as the controller does", () => {
  const args = container({ imagePullSecrets: ["one", "two"], "image.pullPolicy": "Always" })["args"] as string[];
  assert.deepEqual(
    args.filter((argument) => argument.startsWith("--data-plane-pull")),
    ["--data-plane-pull-policy=Always", "--data-plane-pull-secret=one", "--data-plane-pull-secret=two"],
  );
});

test("nothing binds addresses of one family alone", () => {
  for (const options of variants) {
    const binding = (container(options)["args"] as string[]).filter((argument) =>
      /^--(admin|stream|bind)=/.test(argument),
    );
    for (const argument of binding) assert.match(argument, /=\*(:\d+)?$/);
  }
});

test("the account of a controller that makes data planes is held to what these consist of", () => {
  const policies = (options: Partial<InstallOptions>) =>
    objectsOf(options).filter(({ kind }) => kind === "ValidatingAdmissionPolicy");
  const bound = objectsOf().filter(({ kind }) => kind === "ValidatingAdmissionPolicyBinding");
  assert.deepEqual(
    bound.map(({ spec }) => spec.policyName),
    policies({}).map(({ metadata }) => metadata.name),
  );
  for (const { spec } of policies({ namespace: "edge" }))
    assert.match(spec.matchConditions[0].expression, /'system:serviceaccount:edge:sluice-controller'/);
  const rules = policies({}).flatMap(({ spec }) => spec.matchConstraints.resourceRules as readonly Loose[]);
  for (const { group, plural } of Object.values(managedKinds)) {
    const isHeld = rules.some(({ apiGroups, resources }) => apiGroups[0] === group && resources.includes(plural));
    assert.ok(isHeld, plural);
  }
  assert.ok(JSON.stringify(policies({})).includes(`'${identitySecretType}'`));
  assert.deepEqual(policies({ plane: "embedded" }), []);
  assert.deepEqual(policies({ "admissionPolicy.create": false }), []);
});

test("only an embedded plane has a Service for listeners, and pods that may bind their ports", () => {
  const names = (options: Partial<InstallOptions>) => objectsOf(options).map(({ metadata }) => metadata.name);
  assert.ok(!names({}).includes("sluice-gateways"));
  assert.equal(pod()["securityContext"].sysctls, undefined);
  assert.ok(names({ plane: "embedded" }).includes("sluice-gateways"));
  const service = objectsOf({ plane: "embedded", "service.ports": [80] }).find(
    ({ metadata }) => metadata.name === "sluice-gateways",
  );
  assert.deepEqual(service?.["spec"].ports, [{ name: "port-80", port: 80, targetPort: 80, protocol: "TCP" }]);
});

test("a NetworkPolicy lets nobody reach the admin port unless a namespace is named", () => {
  const ingress = (changes: Partial<InstallOptions>) =>
    one("NetworkPolicy", { "networkPolicy.create": true, ...changes })["spec"].ingress as readonly Loose[];
  assert.deepEqual(
    ingress({}).map(({ ports }) => ports[0].port),
    [9443],
  );
  const named = ingress({ "networkPolicy.metricsNamespaces": ["monitoring"] });
  assert.deepEqual(
    named.map(({ ports }) => ports[0].port),
    [9443, 9900],
  );
  for (const rule of named) assert.ok(rule["from"].length > 0);
});

test("every option has a default that its schema takes, and a sentence of help", () => {
  const rows = installOptionRows("1.2.3");
  for (const name of optionNames) {
    assert.equal(optionProblem(rows[name].schema, rows[name].initial), undefined, name);
    assert.match(rows[name].help, /\.$/);
  }
});

test("optionProblem says what is wrong with a value", () => {
  const rows = installOptionRows("1.2.3");
  const table: readonly (readonly [name: keyof InstallOptions, value: unknown, problem: string | undefined])[] = [
    ["replicas", 3, undefined],
    ["replicas", 0, "must be from 1 to 100"],
    ["replicas", 1.5, "must be a whole number"],
    ["replicas", "3", "must be a whole number"],
    ["replicas", undefined, "must be a whole number"],
    ["plane", "envoy", "must be one of provisioned, embedded"],
    ["namespace", "Shop", "must match ^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"],
    ["watchNamespaces", ["a", 7], "has an entry that must be text"],
    ["watchNamespaces", "a", "must be a list"],
    ["service.ports", [], "is empty"],
    ["nodeSelector", { disk: true }, "has an entry that must be text"],
    ["nodeSelector", null, "must be a mapping"],
    ["nodeSelector", ["a"], "must be a mapping"],
    ["createNamespace", "yes", "must be true or false"],
  ];
  for (const [name, value, problem] of table)
    assert.equal(optionProblem(rows[name].schema, value), problem, `${name} ${value}`);
});
