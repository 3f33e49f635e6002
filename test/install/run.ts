/**
 * The chart under the real Helm, built from its Go module and kept outside of the tree: `helm lint`, and `helm template` with
 * several sets of values, which must give the objects that `sluice install --dry-run` gives with the same options.
 * On Linux also the file system of the container image, without an engine. Needs Go and npm. Ends with `N passed, N failed`.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { packageVersion } from "../../src/cli/version.ts";
import { buildHelm, helmReleases, runHelm } from "./helm.ts";

const root = new URL("../..", import.meta.url).pathname;
const chart = join(root, "deploy/chart/sluice");
const folder = mkdtempSync(join(tmpdir(), "sluice-install-"));

/** Sets of values, by what is in them. */
const cases: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "the defaults": {},
  "a watched namespace whose name is a number": { watchNamespaces: ["shop", "0123"] },
  "an embedded data plane": {
    plane: "embedded",
    service: { type: "NodePort", ports: [80, 443, 65535], annotations: { "example.com/pool": "a: b #c" } },
    publishAddresses: ["203.0.113.7", "2001:db8::7"],
  },
  "an image by digest": {
    image: { repository: "registry.example.com:5000/team/sluice", digest: `sha256:${"0a".repeat(32)}` },
  },
  "one replica and no GatewayClass": { replicas: 1, gatewayClass: { create: false } },
  "places and priorities": {
    nodeSelector: { disk: "ssd", arm: "true" },
    tolerations: [{ key: "dedicated", operator: "Equal", value: "gateway", effect: "NoSchedule" }],
    priorityClassName: "system-cluster-critical",
    podLabels: { team: "edge", "app.kubernetes.io/name": "other" },
    podAnnotations: { "example.com/note": 'says "hi"\nand more' },
    resources: { requests: { cpu: "2", memory: "1Gi" } },
    imagePullSecrets: ["pull", "0456"],
  },
  "data planes in two namespaces, and no admission policies": {
    dataPlaneNamespaces: ["edge", "dmz"],
    watchNamespaces: ["edge", "shop"],
    admissionPolicy: { create: false },
  },
  "a NetworkPolicy and its metrics": {
    networkPolicy: { create: true, metricsNamespaces: ["monitoring", "0789"] },
    logLevel: "debug",
    logFormat: "text",
  },
  "a NetworkPolicy around an embedded data plane": {
    plane: "embedded",
    networkPolicy: { create: true },
    logLevel: "error",
  },
  "a second installation": {
    createNamespace: true,
    controllerName: "example.com/other",
    gatewayClass: { name: "other" },
    image: { pullPolicy: "Always", tag: "1e3" },
  },
};

/** Values that the chart must refuse, with the name that its message must have. */
const refused: readonly (readonly [value: Readonly<Record<string, unknown>>, name: string])[] = [
  [{ replica: 3 }, "replica"],
  [{ replicas: "three" }, "replicas"],
  [{ plane: "envoy" }, "plane"],
  [{ watchNamespaces: ["Shop"] }, "watchNamespaces"],
  [{ image: { tag: "a b" } }, "tag"],
  [{ service: { ports: [] } }, "ports"],
];

let passed = 0;
let failed = 0;

function check(name: string, run: () => void): void {
  try {
    run();
    passed++;
    console.log(`✔ ${name}`);
  } catch (error) {
    failed++;
    console.log(`✖ ${name}\n${error instanceof Error ? error.message : error}`);
  }
}

/** Helm with no settings of the user's. */
const helm = (binary: string, args: readonly string[]) => runHelm(binary, args, folder);

type Objects = ReadonlyMap<string, unknown>;

/** The objects of a stream of YAML, by kind and name. */
function objectsOf(yaml: string): Objects {
  const objects = parseAllDocuments(yaml).map((document) => document.toJS());
  const named = objects.filter(Boolean).map((object) => {
    const { namespace = "", name } = object.metadata;
    return [`${object.apiVersion} ${object.kind} ${namespace}/${name}`, object] as const;
  });
  const map = new Map(named);
  assert.equal(map.size, named.length, "two objects have one name");
  return map;
}

function writeValues(values: unknown): string {
  const file = join(folder, "values.yaml");
  writeFileSync(file, stringify(values));
  return file;
}

function sluice(values: Readonly<Record<string, unknown>>, namespace: string): Objects {
  const file = writeValues({ createNamespace: false, ...values });
  const args = [join(root, "src/main.ts"), "install", "--dry-run", "--namespace", namespace, "--values", file];
  return objectsOf(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function template(binary: string, values: Readonly<Record<string, unknown>>, namespace: string): Objects {
  const place = ["--namespace", namespace, "--include-crds", "--kube-version", "v1.31.0"];
  const run = helm(binary, ["template", "any-name", chart, ...place, "--values", writeValues(values)]);
  assert.equal(run.status, 0, run.stderr);
  return objectsOf(run.stdout);
}

/** What the Dockerfile does, without an engine: the file system of the image, with nothing of this machine in it. */
function buildImage(): string {
  const image = join(folder, "image");
  const app = join(image, "sluice");
  const node = process.execPath;
  execFileSync("sh", [join(root, "tools/image-root.sh"), node, image], { stdio: "inherit" });
  mkdirSync(app);
  for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(root, name), join(app, name));
  cpSync(join(root, "bin"), join(app, "bin"), { recursive: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(node, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", join(app, "dist")], {
    stdio: "inherit",
  });
  execFileSync("npm", ["ci", "--omit=dev", "--omit=optional", "--ignore-scripts", "--loglevel=error"], {
    cwd: app,
    stdio: "inherit",
  });
  return image;
}

/** The image's entry point, as its user sees it: no root, no other files. */
function inImage(image: string, args: readonly string[]) {
  const { entrypoint } = dockerfile();
  return spawnSync("unshare", ["--user", "--mount", `--root=${image}`, ...entrypoint, ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
}

function dockerfile(): { readonly entrypoint: readonly string[] } {
  const [, entrypoint = "[]"] = /^ENTRYPOINT (.*)$/m.exec(readFileSync(join(root, "Dockerfile"), "utf8")) ?? [];
  return { entrypoint: JSON.parse(entrypoint) };
}

try {
  if (process.platform === "linux") {
    const image = buildImage();
    check("the image's file system has all that sluice needs: version", () => {
      const run = inImage(image, ["version", "-o", "json"]);
      assert.equal(run.status, 0, run.stderr);
      assert.equal(JSON.parse(run.stdout).sluice, packageVersion());
    });
    check("the image's file system has all that sluice needs: install --dry-run", () => {
      const run = inImage(image, ["install", "--dry-run"]);
      assert.equal(run.status, 0, run.stderr);
      assert.deepEqual(objectsOf(run.stdout), sluice({ createNamespace: true }, "sluice-system"));
    });
    check("the image's file system has all that sluice needs: a controller asks for its API server", () => {
      const run = inImage(image, ["controller"]);
      assert.equal(run.status, 2, run.stderr);
      assert.match(run.stderr, /There is no cluster to talk to/);
    });
    check("the image says that it reads no kubeconfigs", () => {
      const run = inImage(image, ["controller", "--kubeconfig", "/etc/passwd"]);
      assert.equal(run.status, 2, run.stderr);
      assert.match(run.stderr, /^sluice: The kubeconfig \/etc\/passwd cannot be read: .*optional package.*$/m);
      assert.doesNotMatch(run.stderr, /^ +at /m);
    });
    check("the image has no shell, no tests, and no packages that a pod does without", () => {
      const packages = ["typescript", "@kubernetes/client-node", ".bin/node"].map(
        (name) => `sluice/node_modules/${name}`,
      );
      for (const path of ["bin/sh", "usr/bin/env", ...packages]) assert.ok(!existsSync(join(image, path)), path);
      assert.deepEqual(globSync("sluice/dist/**/*.test.js", { cwd: image }), []);
    });
  }
  for (const release of helmReleases) {
    const binary = buildHelm(release);
    const name = `helm ${/@(.*)/.exec(release)?.[1]}`;
    check(`${name}: lint finds nothing`, () => {
      const run = helm(binary, ["lint", "--strict", chart]);
      assert.equal(run.status, 0, run.stdout + run.stderr);
    });
    check(`${name}: package makes an archive of this version`, () => {
      const run = helm(binary, ["package", chart, "--destination", folder]);
      assert.equal(run.status, 0, run.stderr);
      assert.ok(existsSync(join(folder, `sluice-${packageVersion()}.tgz`)));
    });
    for (const [what, values] of Object.entries(cases)) {
      check(`${name}: template gives what sluice install gives: ${what}`, () => {
        const [theirs, ours] = [template(binary, values, "edge"), sluice(values, "edge")];
        assert.deepEqual([...theirs.keys()].sort(), [...ours.keys()].sort());
        for (const [key, object] of ours) assert.deepEqual(theirs.get(key), object, key);
      });
    }
    for (const [values, field] of refused) {
      check(`${name}: template refuses ${JSON.stringify(values)}`, () => {
        const run = helm(binary, [
          "template",
          "x",
          chart,
          "--kube-version",
          "v1.31.0",
          "--values",
          writeValues(values),
        ]);
        assert.notEqual(run.status, 0);
        assert.ok(run.stderr.includes(field), run.stderr);
      });
      if (release !== helmReleases[0]) continue;
      check(`sluice install refuses ${JSON.stringify(values)}`, () => {
        const args = [join(root, "src/main.ts"), "install", "--dry-run", "--values", writeValues(values)];
        const run = spawnSync(process.execPath, args, { encoding: "utf8" });
        assert.equal(run.status, 2);
        assert.ok(run.stderr.includes(field), run.stderr);
      });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
