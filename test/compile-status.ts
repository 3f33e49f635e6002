/** What tests of statuses need: everything compiled from YAML, conditions as short text. */
import { compile } from "../src/compile/compile.ts";
import { createCompileMemo } from "../src/compile/compile-memo.ts";
import type { CompileOptions } from "../src/compile/compile-options.ts";
import type { CompileResult } from "../src/compile/contract.ts";
import type { Condition, ListenerStatus, StatusBody } from "../src/status/condition.ts";
import { createSnapshot } from "../src/store/create-snapshot.ts";
import { defaultOptions, resourcesOf } from "./compile-case.ts";

/** A GatewayClass of ours. */
export const ourClass = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ours }
spec: { controllerName: example.com/gateway }`;

/** `infra/edge` of our class; `listeners` and further fields as flow YAML. */
export function gateway(listeners: string, extra = "", name = "edge"): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: infra }
spec: { gatewayClassName: ours, listeners: [${listeners}]${extra === "" ? "" : `, ${extra}`} }`;
}

/** A route `shop/<name>` with no rules worth mentioning. */
export function route(spec: string, kind = "HTTPRoute", name = "web", namespace = "shop"): string {
  const rules =
    kind === "HTTPRoute" || kind === "GRPCRoute" ? "" : ", rules: [{ backendRefs: [{ name: api, port: 80 }] }]";
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec}${rules} }`;
}

export const fromAll = "allowedRoutes: { namespaces: { from: All } }";

export type Compiled = {
  readonly result: CompileResult;
  /** Names of findings, in order, without those about rules and backends (SL4, SL5). */
  readonly names: readonly string[];
  /** `Type=Status Reason`, of an object or of one listener of it. */
  conditions(object: string, listener?: string): readonly string[];
  /** The same for each parent of a route. */
  parents(object: string): readonly (readonly string[])[];
  body(object: string): StatusBody;
  listener(object: string, listener: string): ListenerStatus;
};

/** Compiles documents; objects are named `Kind/name`. */
export function compileYaml(
  documents: readonly string[],
  options: Partial<CompileOptions> = {},
  memo = createCompileMemo(),
): Compiled {
  const snapshot = createSnapshot(resourcesOf(documents.join("\n---\n")));
  const result = compile(snapshot, { ...defaultOptions, stubBackends: true, ...options }, memo);
  const body = (object: string): StatusBody => {
    const found = result.status.find(({ ref }) => `${ref.kind}/${ref.name}` === object);
    if (!found)
      throw new Error(
        `no status of ${object}; there is ${result.status.map(({ ref }) => `${ref.kind}/${ref.name}`).join(", ")}`,
      );
    return found.body;
  };
  const listenerOf = (object: string, name: string): ListenerStatus => {
    const status = body(object);
    const found = "listeners" in status ? status.listeners.find((listener) => listener.name === name) : undefined;
    if (!found) throw new Error(`no listener ${name} in ${object}`);
    return found;
  };
  return {
    result,
    names: result.findings.filter(({ code }) => !/^SL[45]/.test(code)).map(({ name }) => name),
    body,
    listener: listenerOf,
    conditions(object, listener) {
      const status = listener === undefined ? body(object) : listenerOf(object, listener);
      return "conditions" in status ? status.conditions.map(short) : [];
    },
    parents(object) {
      const status = body(object);
      return status.shape === "route" ? status.parents.map(({ conditions }) => conditions.map(short)) : [];
    },
  };
}

function short({ type, status, reason }: Condition): string {
  return `${type}=${status} ${reason}`;
}
