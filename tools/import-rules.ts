/**
 * Holds every import in `src/` to the folder table below, which is the architecture: run by `npm run rules`.
 * `--graph` prints the table as the Mermaid graph of `docs/architecture.md`.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A folder's layer: the longest matching prefix of a file's path names it. */
type Layer = {
  /** Layers that may be imported. */
  readonly imports: readonly string[];
  /** Layers of which only types may be imported. */
  readonly types?: readonly string[];
  /** npm packages and Node built-ins with an effect on the outside world that have their home here. */
  readonly packages?: readonly string[];
};

export const layers: Readonly<Record<string, Layer>> = {
  base: { imports: [] },
  "base/regex": { imports: ["base"], packages: ["re2js"] },
  "base/cidr": { imports: ["base"], packages: ["ipaddr.js"] },
  "base/cel": { imports: [], packages: ["@bufbuild/cel"] },
  "base/stop-listening": { imports: [] },
  "base/any-address": { imports: [] },
  finding: { imports: ["base"] },
  ir: { imports: ["base", "base/regex"] },
  resource: { imports: ["base", "finding", "resource/schema"] },
  "resource/schema": { imports: ["base", "base/regex", "base/cidr", "finding", "resource"], packages: ["zod"] },
  served: { imports: ["base", "resource", "resource/schema"] },
  store: { imports: ["base", "finding", "resource"] },
  ingress: { imports: ["base", "base/cidr", "base/regex", "finding", "resource", "store"], types: ["ir"] },
  infrastructure: { imports: [], types: ["finding", "ir"] },
  capability: { imports: [] },
  status: { imports: ["base", "base/cidr", "finding", "resource"], types: ["infrastructure", "ir"] },
  "filter/compile": {
    imports: ["base", "base/cel", "base/cidr", "base/regex", "resource", "ir", "finding", "wire/http1/path"],
    types: ["compile/policy", "compile/route"],
  },
  // What a plane and its filters agree on: all that a filter sees of the plane.
  "filter/contract": { imports: ["base", "ir"], types: ["telemetry"] },
  "filter/proxy": {
    imports: ["base", "base/cel", "base/cidr", "base/regex", "ir", "wire", "wire/http1/path", "filter/contract"],
    types: ["telemetry"],
    packages: ["bcryptjs", "jose", "oauth4webapi"],
  },
  // Inside the compiler each row imports earlier rows only, but for the types of `contract`; `backend` and `policy` read one another.
  "compile/compile-options": { imports: [], types: ["ingress", "ir", "resource"] },
  "compile/contract": {
    imports: [],
    types: ["infrastructure", "finding", "ir", "resource", "status", "store", "compile/compile-options", "compile/tls"],
  },
  "compile/order": { imports: ["finding", "ir"], types: ["store", "compile/contract"] },
  "compile/hostname-patterns": { imports: [] },
  "compile/report": {
    imports: ["finding", "resource", "compile/order"],
    types: ["ir", "status", "compile/compile-options", "compile/contract"],
  },
  "compile/reference": { imports: ["base", "store"], types: ["finding", "resource"] },
  "compile/listener": {
    imports: ["store", "compile/hostname-patterns", "compile/order", "compile/reference", "compile/report"],
    types: ["finding", "ir", "resource", "status", "compile/contract"],
  },
  "compile/tls": {
    imports: ["ir", "store", "compile/hostname-patterns", "compile/listener", "compile/reference", "compile/report"],
    types: ["finding", "resource", "compile/compile-options", "compile/contract"],
  },
  "compile/backend": {
    imports: [
      "resource",
      "served",
      "base",
      "ir",
      "store",
      "compile/hostname-patterns",
      "compile/order",
      "compile/policy",
      "compile/reference",
      "compile/report",
      "compile/tls",
    ],
    types: ["finding", "compile/contract"],
  },
  "compile/traffic": { imports: ["base", "ir"], types: ["resource"] },
  "compile/policy": {
    imports: [
      "base",
      "finding",
      "ir",
      "resource",
      "served",
      "status",
      "store",
      "filter/compile",
      "compile/backend",
      "compile/hostname-patterns",
      "compile/listener",
      "compile/order",
      "compile/reference",
      "compile/report",
      "compile/tls",
      "compile/traffic",
    ],
    types: ["compile/contract", "compile/route"],
  },
  "compile/client-traffic": {
    imports: [
      "base",
      "base/cidr",
      "base/regex",
      "ir",
      "filter/compile",
      "compile/listener",
      "compile/policy",
      "compile/reference",
      "compile/report",
      "compile/tls",
    ],
    types: ["finding", "resource", "compile/contract", "compile/route"],
  },
  "compile/route": {
    imports: [
      "base",
      "base/regex",
      "ir",
      "resource",
      "served",
      "store",
      "filter/compile",
      "wire/http1/path",
      "wire/http1/path-language",
      "wire/http1/fault",
      "compile/backend",
      "compile/hostname-patterns",
      "compile/listener",
      "compile/order",
      "compile/policy",
      "compile/reference",
      "compile/report",
    ],
    types: ["finding", "compile/contract"],
  },
  "compile/ingress": {
    imports: [
      "base",
      "base/cidr",
      "base/regex",
      "finding",
      "ingress",
      "ir",
      "resource",
      "store",
      "wire/http1/path",
      "compile/backend",
      "compile/hostname-patterns",
      "compile/order",
      "compile/report",
      "compile/tls",
      "compile/traffic",
    ],
    types: ["compile/compile-options", "compile/contract", "status"],
  },
  "compile/gateway": {
    imports: [
      "infrastructure",
      "finding",
      "ir",
      "resource",
      "compile/backend",
      "compile/listener",
      "compile/order",
      "compile/reference",
      "compile/report",
      "compile/route",
      "compile/tls",
    ],
    types: ["status", "store", "compile/compile-options", "compile/contract"],
  },
  "compile/data-plane": {
    imports: ["base", "base/cidr", "compile/gateway", "compile/listener", "compile/order", "compile/report"],
    types: ["infrastructure", "finding", "ir", "resource", "compile/contract"],
  },
  "compile/attach": {
    imports: [
      "compile/gateway",
      "compile/hostname-patterns",
      "compile/listener",
      "compile/order",
      "compile/reference",
      "compile/report",
    ],
    types: ["finding", "ir", "status", "compile/contract"],
  },
  "compile/memo": {
    imports: [
      "base",
      "ir",
      "resource",
      "store",
      "compile/attach",
      "compile/backend",
      "compile/client-traffic",
      "compile/compile-options",
      "compile/data-plane",
      "compile/gateway",
      "compile/hostname-patterns",
      "compile/ingress",
      "compile/listener",
      "compile/order",
      "compile/policy",
      "compile/report",
      "compile/route",
      "compile/tls",
    ],
    types: ["infrastructure", "finding", "compile/contract"],
  },
  compile: {
    imports: ["base", "compile/memo"],
    types: ["store", "compile/compile-options", "compile/contract"],
  },
  wire: { imports: ["base", "base/cidr", "wire/http1/path", "wire/http1/fault"] },
  // What requests are refused for and how paths are compared, which match values must agree with.
  "wire/http1/path": { imports: ["wire", "wire/http1/fault"] },
  "wire/http1/path-language": { imports: ["wire"], types: ["base/regex"] },
  "wire/http1/fault": { imports: [] },
  telemetry: { imports: ["base"] },
  proxy: {
    imports: [
      "base",
      "base/regex",
      "base/cidr",
      "base/stop-listening",
      "ir",
      "wire",
      "wire/http1/path",
      "wire/http1/fault",
      "telemetry",
      "filter/contract",
      "filter/proxy",
      "proxy/redis",
    ],
  },
  "proxy/redis": { imports: ["filter/contract", "proxy"], packages: ["ioredis"] },
  control: {
    imports: ["base", "finding", "ir", "status", "telemetry"],
    types: ["store", "compile/contract"],
  },
  admin: {
    imports: ["base", "base/stop-listening", "finding", "ir", "status", "telemetry"],
    types: ["control"],
  },
  x509: { imports: ["base", "base/cidr"] },
  kube: { imports: ["base", "resource"], packages: ["@kubernetes/client-node", "undici"] },
  "source/kube": { imports: ["base", "finding", "resource", "store", "kube"] },
  "status/writer": { imports: ["base", "finding", "resource", "store", "status", "kube"] },
  provision: { imports: ["base", "finding", "infrastructure", "ir", "kube"] },
  "config-stream": { imports: ["base", "ir", "x509"], types: ["infrastructure", "telemetry"] },
  fleet: {
    imports: [
      "base",
      "base/any-address",
      "config-stream",
      "finding",
      "install",
      "kube",
      "provision",
      "source/kube",
      "status/writer",
    ],
    types: ["control", "infrastructure", "ir", "status", "telemetry"],
  },
  "stand-in": { imports: ["resource", "store", "x509"], types: ["ir"] },
  install: { imports: ["base", "resource", "resource/schema"] },
  "install/cluster": { imports: ["base", "install", "kube", "provision", "resource", "status/writer"] },
  "source/folder": { imports: ["base", "finding", "resource", "store"], packages: ["yaml", "chokidar"] },
  "migrate/controllers": { imports: [] },
  "migrate/verify": { imports: ["base", "base/cidr", "ir", "wire/http1/path"] },
  "migrate/observe": { imports: ["ir", "migrate/verify", "proxy", "telemetry"] },
  "migrate/traefik": { imports: ["base", "finding", "migrate/convert", "resource"], types: ["store"] },
  "migrate/move": { imports: ["resource"] },
  "migrate/inventory": {
    imports: [
      "base",
      "finding",
      "ingress",
      "migrate/controllers",
      "migrate/convert",
      "migrate/traefik",
      "resource",
      "store",
    ],
  },
  "migrate/convert": {
    imports: ["base", "finding", "ingress", "resource", "store"],
    types: ["ir"],
    packages: ["yaml"],
  },
  cli: { imports: ["*"], packages: ["commander", "yaml"] },
  "cli/render": {
    imports: ["base", "finding", "ir", "migrate/convert", "migrate/inventory", "migrate/verify", "status"],
    types: ["*"],
    packages: ["string-width", "yaml"],
  },
  main: { imports: ["*"], packages: ["commander"] },
};

/** Built-ins that reach outside the process: a layer in the pure centre must not import them. */
const pureLayers = new Set([
  "base",
  "finding",
  "ir",
  "resource",
  "resource/schema",
  "served",
  "store",
  "infrastructure",
  "capability",
  "status",
  "filter/compile",
  "compile",
  "wire",
  "migrate/controllers",
  "migrate/inventory",
  "migrate/verify",
  "migrate/convert",
  "migrate/traefik",
  "migrate/move",
]);
const impureBuiltins = new Set([
  "fs",
  "fs/promises",
  "net",
  "tls",
  "http",
  "https",
  "http2",
  "dgram",
  "dns",
  "child_process",
  "worker_threads",
  "timers",
  "timers/promises",
  "process",
]);

/** What of them reaches nothing: `isIP` parses, `createSecureContext` makes OpenSSL load PEM texts. */
const pureNames: Readonly<Record<string, RegExp>> = {
  "node:net": /^\s*isIP(v4|v6)?\s*$/,
  "node:tls": /^\s*createSecureContext\s*$/,
};

const root = fileURLToPath(new URL("../src/", import.meta.url));

/** The layer of a path relative to `src/`, or `undefined` for a folder that the table does not know. */
export function layerOf(path: string): string | undefined {
  // A filter's folder has two sides: what compiles it, and all else, which runs it.
  if (/^filter\/[^/]+\/compile[^/]*\.ts$/.test(path)) return "filter/compile";
  if (/^filter\/(?!contract\/)[^/]+\/|^filter\/proxy/.test(path)) return "filter/proxy";
  const stem = path.replace(/(\.test)?\.ts$/, "");
  return Object.keys(layers)
    .filter((layer) => stem === layer || path.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];
}

const importPattern = /^\s*(?:import|export)\s+(type\s+)?(?:[^"'`;]*?\s+from\s+)?["']([^"']+)["']/gm;
const dynamicPattern = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

type Import = { readonly specifier: string; readonly typeOnly: boolean };

function* importsOf(text: string): Generator<Import> {
  for (const match of text.matchAll(importPattern)) {
    const named = /import\s+\{([^}]*)\}/.exec(match[0])?.[1];
    const values = named?.split(",").filter((name) => name.trim() !== "" && !name.trim().startsWith("type "));
    const pure = values?.every((name) => pureNames[match[2] ?? ""]?.test(name)) ?? false;
    yield { specifier: match[2] ?? "", typeOnly: match[1] !== undefined || pure };
  }
  for (const match of text.matchAll(dynamicPattern)) yield { specifier: match[1] ?? "", typeOnly: false };
}

/** What is wrong with one import, or `undefined`. */
function judge(file: string, layerName: string, specifier: string, typeOnly: boolean): string | undefined {
  const layer = layers[layerName] as Layer;
  if (specifier.startsWith("node:")) {
    const builtin = specifier.slice(5);
    if (pureLayers.has(layerName) && impureBuiltins.has(builtin) && !typeOnly)
      return `${layerName} is pure and may not import ${specifier}`;
    return undefined;
  }
  if (!specifier.startsWith(".")) {
    const name = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    return layer.packages?.includes(name) ? undefined : `package ${name} has its home elsewhere`;
  }
  if (!specifier.endsWith(".ts") && !specifier.endsWith(".json")) return `import paths end in .ts: ${specifier}`;
  const target = normalize(join(dirname(file), specifier));
  if (target.startsWith("..")) return undefined;
  const targetLayer = layerOf(target);
  if (targetLayer === undefined) return `${target} is in no layer`;
  if (targetLayer === layerName || layer.imports.includes("*") || layer.imports.includes(targetLayer)) return undefined;
  if (typeOnly && (layer.types?.includes("*") || layer.types?.includes(targetLayer))) return undefined;
  return `${layerName} may not import ${typeOnly ? "types of " : ""}${targetLayer} (${specifier})`;
}

/** Every broken rule, as `file: reason`. Tests beside their source may import anything. */
export function brokenRules(): string[] {
  const broken: string[] = [];
  for (const file of globSync("**/*.ts", { cwd: root }).sort()) {
    const path = relative(root, join(root, file));
    const layerName = layerOf(path);
    if (layerName === undefined) {
      broken.push(`src/${path}: no layer; add it to the table in tools/import-rules.ts`);
      continue;
    }
    if (path.endsWith(".test.ts")) continue;
    for (const { specifier, typeOnly } of importsOf(readFileSync(join(root, file), "utf8"))) {
      const reason = judge(path, layerName, specifier, typeOnly);
      if (reason !== undefined) broken.push(`src/${path}: ${reason}`);
    }
  }
  return broken;
}

/** The table as a Mermaid graph; `cli` and `main`, which import everything, are left out, and the compiler is one box. */
export function renderGraph(): string {
  const box = (layer: string): string => (layer.startsWith("compile/") ? "compile" : layer);
  const omitted = (target: string): boolean => target === "*" || target.startsWith("base") || target === "finding";
  return renderEdges(
    Object.entries(layers).flatMap(([name, layer]) =>
      layer.imports.filter((target) => !omitted(target)).map((target) => [box(name), box(target)] as const),
    ),
  );
}

/** The rows inside the compiler as a Mermaid graph. */
export function renderCompileGraph(): string {
  const inside = (layer: string): boolean => layer.startsWith("compile/");
  return renderEdges(
    Object.entries(layers)
      .filter(([name]) => inside(name))
      .flatMap(([name, layer]) =>
        layer.imports.filter(inside).map((target) => [name.slice(8), target.slice(8)] as const),
      ),
  );
}

/** Each edge once, none from a box to itself. */
function renderEdges(edges: readonly (readonly [string, string])[]): string {
  const lines = edges
    .filter(([from, to]) => from !== to)
    .map(([from, to]) => `  ${id(from)}["${from}"] --> ${id(to)}["${to}"]`);
  return `${["```mermaid", "graph LR", ...new Set(lines), "```"].join("\n")}\n`;
}

const id = (layer: string): string => layer.replaceAll(/[^a-z]/g, "_");

if (import.meta.main) {
  if (process.argv.includes("--graph")) process.stdout.write(renderGraph());
  else {
    const broken = brokenRules();
    for (const line of broken) console.error(line);
    console.error(broken.length === 0 ? "import rules: all kept" : `import rules: ${broken.length} broken`);
    process.exitCode = broken.length === 0 ? 0 : 1;
  }
}
