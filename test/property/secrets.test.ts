/** Nothing that may be a secret is shown: wherever it is written, and however badly, no output has it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { routeRows } from "../../src/admin/route-rows.ts";
import { startAdminServer } from "../../src/admin/server.ts";
import { check } from "../../src/cli/check.ts";
import type { Command } from "../../src/cli/command.ts";
import { compileSnapshot } from "../../src/cli/compile-snapshot.ts";
import { explain } from "../../src/cli/explain.ts";
import { type FlagValues, initialFlags } from "../../src/cli/flags.ts";
import { normalizePathText } from "../../src/cli/normalize-path.ts";
import { renderRoutes } from "../../src/cli/render/routes.ts";
import { routes } from "../../src/cli/routes.ts";
import { status } from "../../src/cli/status.ts";
import type { ControlState } from "../../src/control/control-state.ts";
import { predictReport } from "../../src/proxy/predict-report.ts";
import { loadPaths } from "../../src/source/folder/load-paths.ts";
import { mergeStatus } from "../../src/status/merge.ts";
import { createTelemetry } from "../../src/telemetry/create-telemetry.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { makeCertificate } from "../test-certificate.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Path = readonly (string | number)[];

const canary = "c4n4ryh0sh42";
/** As it is, and in base64, wherever in a text it begins: without the groups that other bytes have a share in. */
const shapes = [canary, ...[0, 1, 2].map((shift) => base64("x".repeat(shift) + canary).slice(shift === 0 ? 0 : 4, -4))];

const certificate = makeCertificate({ names: ["shop.example.com"] });

const documents: readonly Json[] = [
  `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: sluice.dev/gateway-controller }`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: web, namespace: shop }
spec:
  gatewayClassName: sluice
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
    - name: https
      protocol: HTTPS
      port: 443
      tls: { certificateRefs: [{ name: cert }] }`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop, annotations: { note: plain } }
spec:
  parentRefs: [{ name: web }]
  rules:
    - matches: [{ headers: [{ name: x-api-key, value: plain }], queryParams: [{ name: access-token, value: plain }] }]
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { set: [{ name: X-Upstream, value: plain }], add: [{ name: X-More, value: plain }] }
        - type: ResponseHeaderModifier
          responseHeaderModifier: { set: [{ name: X-Seen, value: plain }], add: [{ name: Set-Cookie, value: plain }] }
      backendRefs:
        - name: cart
          port: 80
          filters:
            - type: RequestHeaderModifier
              requestHeaderModifier: { add: [{ name: Authorization, value: plain }] }`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: calls, namespace: shop }
spec:
  parentRefs: [{ name: web }]
  rules:
    - matches: [{ headers: [{ name: authorization, value: plain }] }]
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { set: [{ name: X-Upstream, value: plain }] }
      backendRefs: [{ name: cart, port: 80 }]`,
  `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XTelemetryPolicy
metadata: { name: traces, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: web }]
  tracing:
    mode: Enabled
    provider:
      backendRef: { name: cart, port: 80 }
      headers: [{ name: x-tenant, value: plain }]`,
  `apiVersion: v1
kind: Secret
metadata:
  name: cert
  namespace: shop
  labels: { team: plain }
  annotations: { kubectl.kubernetes.io/last-applied-configuration: plain }
  creationTimestamp: "2026-01-01T00:00:00Z"
type: kubernetes.io/tls
data: { tls.crt: ${base64(certificate.certPem)}, tls.key: ${base64(certificate.keyPem)} }`,
  `apiVersion: v1
kind: Secret
metadata: { name: other, namespace: shop }
stringData: { password: plain }`,
  `apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80 }] }`,
].map((source) => parse(source) as Json);

/** Every place of a value that may be a secret. Names are not: they are how objects are spoken of. */
const places = documents
  .flatMap((document, index) => pathsOf(document).map((path) => [index, path] as const))
  .filter(([index, path]) => {
    const { kind } = documents[index] as { readonly kind: string };
    const [first = "", second = ""] = path;
    if (kind === "Secret")
      return first !== "apiVersion" && first !== "kind" && second !== "name" && second !== "namespace";
    return path.includes("annotations") || (path.includes("spec") && path.at(-1) === "value" && !path.includes("path"));
  });

function base64(part: string): string {
  return Buffer.from(part).toString("base64");
}

function pathsOf(value: Json, path: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const entries: (readonly [string | number, Json])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([key, item]) => pathsOf(item, [...path, key]));
}

/** The object with another value at the path; its own when it returns nothing. */
function replaced(value: Json, path: Path, next: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return next;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, Json>;
  copy[key] = replaced(copy[key]!, rest, next);
  return copy as Json;
}

/** The canary as it may be written, rightly or wrongly. */
const values: readonly Json[] = [
  canary,
  base64(`-----BEGIN PRIVATE KEY-----\n${canary}${canary}\n-----END PRIVATE KEY-----\n`),
  base64(`${canary}-${canary}`),
  `Bearer ${canary}\n`,
  `two\n${canary}\nlines`,
  ` ${canary} `,
  `(${canary}`,
  `ÿ${canary}`,
  [canary],
  [{ name: "x-token", value: canary }],
  { inner: canary },
  { name: "X-Token", value: canary },
];

/** How far up the value is put in place of what stands there: a list, a mapping, a whole section. */
const heights = [0, 1, 2, 3];

/** What happens to the text besides: most of it makes it no YAML. */
const damages: readonly ((source: string) => string)[] = [
  (source) => source,
  (source) => source.replace(canary, `"${canary}`),
  (source) => source.replace(canary, `*${canary}`),
  (source) => source.replace(canary, `!${canary} x`),
  (source) => source.replace(canary, `&${canary}`),
  (source) => source.replace(canary, `{${canary}: [`),
  (source) => source.replace(canary, `${canary}: ${canary}: x`),
  (source) => source.replace(canary, `"\\q${canary}"`),
  (source) => source.replace(canary, `@${canary}`),
  (source) => source.replace(/^(.*c4n4ry.*)$/m, "\t$1"),
  (source) => source.replace(/^(.*c4n4ry.*)$/m, "$1\n$1"),
  (source) => source.replace(/^( *)(.*c4n4ry.*)$/m, "$1   $2"),
  (source) => source.replace(/^(kind|apiVersion): .*$/gm, ""),
  (source) => source.replace(/^kind: (\w+)$/gm, "kind: $1s"),
  (source) => source.replace(/^kind:/gm, "kind"),
];

const shown = { namespace: undefined, verbose: true };

async function outputs(folder: string): Promise<Readonly<Record<string, string>>> {
  const printed: Record<string, string> = {};
  const run = async (name: string, command: Command, flags: Partial<FlagValues>) => {
    let out = "";
    const take = (part: string) => {
      out += part;
    };
    const terminal = { out: take, err: take, color: false, errColor: false };
    await command({ args: [folder], flags: { ...initialFlags(), ...shown, ...flags }, terminal }).catch(
      (error: Error) => take(error.message),
    );
    printed[name] = out;
  };
  for (const output of ["text", "json", "github"] as const) await run(`check -o ${output}`, check, { output });
  for (const output of ["table", "json"] as const) {
    await run(`routes -o ${output}`, routes, { output });
    await run(`status -o ${output}`, status, { output });
  }
  for (const output of ["text", "json"] as const) {
    await run(`explain -o ${output}`, explain, { output, url: "http://shop.example.com/" });
  }
  return { ...printed, ...(await adminAnswers(folder)) };
}

async function adminAnswers(folder: string): Promise<Readonly<Record<string, string>>> {
  const { snapshot, findings } = await loadPaths([folder]);
  const result = compileSnapshot("check", snapshot, initialFlags());
  const report = predictReport(result.routing);
  const merged = mergeStatus(result.status, report, undefined, 0);
  const all = [...findings, ...result.findings];
  const state: ControlState = {
    phase: "serving",
    turn: 1,
    configuration: { generation: 1, snapshot, result, report, status: merged, findings: all },
  };
  let logged = "";
  const log = createLogger({
    write: (line) => {
      logged += line;
    },
  });
  log.info("A configuration.", { configuration: state.configuration });
  await using telemetry = createTelemetry({ version: "test" });
  await using server = await startAdminServer({
    address: { host: "127.0.0.1", port: 0 },
    state: () => state,
    telemetry,
    log,
    controllerName: "sluice.dev/gateway-controller",
    upstreams: () => [],
    normalizePath: normalizePathText,
    routeRows,
  });
  const answers: Record<string, string> = { log: logged, routes: renderRoutes(routeRows(result.routing)) };
  for (const path of ["/config", "/routes", "/findings", "/status", "/explain?host=shop.example.com", "/metrics"]) {
    const [response] = (await once(get({ ...server.address, path, agent: false }), "response")) as [IncomingMessage];
    answers[path] = await text(response);
  }
  return answers;
}

test("no output has what a Secret, a header or an annotation says, however it is written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "secrets-"));
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...places),
        fc.constantFrom(...values),
        fc.constantFrom(...heights),
        fc.constantFrom(...damages),
        async ([index, path], value, height, damage) => {
          const at = path.slice(0, Math.max(1, path.length - height));
          // Above these, the value would be what it is not: a name, a kind, a path.
          const reach = at.length === path.length || isStillSecret(index, at) ? at : path;
          const files = documents.map((document, i) => (i === index ? replaced(document, reach, value) : document));
          await Promise.all(
            files.map((document, i) => {
              const source = stringify(document);
              return writeFile(join(folder, `${i}.yaml`), i === index ? damage(source) : source);
            }),
          );
          for (const [name, output] of Object.entries(await outputs(folder))) {
            const found = shapes.find((shape) => output.includes(shape));
            assert.equal(found, undefined, `${name}:\n${around(output, found ?? "")}`);
          }
        },
      ),
      { numRuns: 50 },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

function isStillSecret(index: number, path: Path): boolean {
  const { kind } = documents[index] as { readonly kind: string };
  if (kind === "Secret") return path[0] === "data" || path[0] === "stringData" || path.length > 1;
  return path.some((part) => ["set", "add", "headers", "queryParams", "annotations"].includes(String(part)));
}

function around(output: string, part: string): string {
  const at = output.indexOf(part);
  return output.slice(Math.max(0, at - 300), at + 100);
}
