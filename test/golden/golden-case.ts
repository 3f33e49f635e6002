/**
 * A golden case: `in.yaml` (with the shared `base.yaml`) compiled, as the texts of its golden files, and its probes.
 * Cases are folders found by glob; adding one needs no code.
 */

import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { longFlagsOf } from "../../src/cli/flags.ts";
import { compile } from "../../src/compile/compile.ts";
import { type CompileOptions, nothingRetained } from "../../src/compile/compile-options.ts";
import type { CompileResult } from "../../src/compile/contract.ts";
import type { Finding } from "../../src/finding/finding.ts";
import { defaultIngressOptions } from "../../src/ingress/ingress-options.ts";
import { defaultListenerSettings } from "../../src/ir/listener-settings.ts";
import type { RoutingModel } from "../../src/ir/routing-model.ts";
import { defaultTrafficSettings } from "../../src/ir/traffic-settings.ts";
import { loadPaths } from "../../src/source/folder/load-paths.ts";

const root = import.meta.dirname;

export type Probe = {
  readonly name: string;
  readonly request: {
    /** The port is the listener's; 80 when there is none. */
    readonly url: string;
    readonly method?: string;
    /** A gRPC call: POST over HTTP/2, with one message. */
    readonly protocol?: "grpc";
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Sent instead of the URL's path, byte for byte. */
  readonly path?: string;
  readonly expect: {
    /** `namespace/name/rule` of the route. */
    readonly route?: string;
    /** 200 when a route or service is expected. */
    readonly status?: number;
    /** Status of a gRPC call. */
    readonly grpcStatus?: number;
    /** `namespace/name` of the Service that answers. */
    readonly service?: string;
    /** Of the response; `null` says absent. */
    readonly headers?: Readonly<Record<string, string | null>>;
    /** The request as the Service sees it. */
    readonly upstream?: {
      readonly path?: string;
      readonly host?: string;
      readonly headers?: Readonly<Record<string, string | null>>;
    };
  };
};

export type GoldenCase = { readonly name: string; readonly folder: string; readonly probes: readonly Probe[] };

/** Every case, by name (`area/case`). */
export const goldenCases: readonly GoldenCase[] = globSync("*/*/in.yaml", { cwd: root })
  .sort()
  .map((file) => {
    const folder = join(root, dirname(file));
    const probes = join(folder, "probes.yaml");
    return {
      name: relative(root, folder),
      folder,
      probes: existsSync(probes) ? (parse(readFileSync(probes, "utf8")) as Probe[]) : [],
    };
  });

export const goldenOptions: CompileOptions = {
  controllerName: "sluice.dev/gateway-controller",
  adoptClasses: false,
  flags: longFlagsOf("check"),
  retained: nothingRetained,
  nowMs: Date.parse("2026-06-01T00:00:00Z"),
  stubBackends: false,
  selfSigned: false,
  allowExternalName: false,
  ingress: defaultIngressOptions,
  listenerSettings: defaultListenerSettings,
  supportedFeatures: ["Gateway", "HTTPRoute", "ReferenceGrant"],
  supportedProtocols: ["HTTP", "HTTPS", "TLS", "TCP", "UDP"],
};

/** The case compiled. Findings of the source come before the compiler's. */
export async function compileCase({
  folder,
}: GoldenCase): Promise<CompileResult & { readonly all: readonly Finding[] }> {
  const { snapshot, findings } = await loadPaths([join(root, "base.yaml"), join(folder, "in.yaml")]);
  const result = compile(snapshot, goldenOptions);
  return { ...result, all: [...findings, ...result.findings] };
}

const toYaml = (value: unknown): string =>
  stringify(value, { lineWidth: 120, aliasDuplicateObjects: false, singleQuote: false });

/** The model with only those settings that differ from the defaults, and none where all are the usual ones. */
function withoutDefaults(routing: RoutingModel): unknown {
  const gateways = routing.gateways.map((gateway) => ({
    ...gateway,
    listeners: gateway.listeners.map(({ settings, ...listener }) => ({
      ...listener,
      ...differing("settings", settings, defaultListenerSettings),
    })),
  }));
  const clusters = Object.entries(routing.clusters).map(
    ([key, { traffic, ...cluster }]) =>
      [key, { ...cluster, ...differing("traffic", traffic, defaultTrafficSettings) }] as const,
  );
  return { gateways, clusters: Object.fromEntries(clusters) };
}

function differing<T extends object>(name: string, values: T, usual: T): object {
  const own = Object.entries(values).filter(([key, value]) => !isDeepStrictEqual(value, usual[key as keyof T]));
  return own.length === 0 ? {} : { [name]: Object.fromEntries(own) };
}

/** The golden files of a case, by file name. */
export async function goldenFiles(golden: GoldenCase): Promise<Readonly<Record<string, string>>> {
  const { routing, status, all } = await compileCase(golden);
  const findings = all.map(({ name, code, severity, object, pointer, position, message, fix, related }) => ({
    finding: `${code} ${name}`,
    severity,
    object: `${object.kind} ${object.namespace === undefined ? "" : `${object.namespace}/`}${object.name}`,
    pointer,
    ...(position ? { at: `${basename(position.file)}:${position.line}:${position.column}` } : {}),
    message,
    fix,
    ...(related ? { related: related.map((ref) => `${ref.kind} ${ref.namespace ?? ""}/${ref.name}`) } : {}),
  }));
  return {
    "routing.yaml": toYaml(JSON.parse(JSON.stringify(withoutDefaults(routing)))),
    "status.yaml": toYaml(JSON.parse(JSON.stringify(status))),
    "findings.yaml": toYaml(findings),
  };
}

/** Writes the golden files; returns the names of those that changed. */
export async function updateCase(golden: GoldenCase): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const [name, text] of Object.entries(await goldenFiles(golden))) {
    const file = join(golden.folder, name);
    if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
    writeFileSync(file, text);
    changed.push(`${golden.name}/${name}`);
  }
  return changed;
}
