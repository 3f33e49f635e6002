import type { Finding } from "../../finding/finding.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { Fraction } from "../../ir/filter.ts";
import { knownSpanAttributes, type Tracing, type TracingAttribute } from "../../ir/tracing.ts";
import type { Resource } from "../../resource/kinds.ts";
import { resolveBackend } from "../backend/backend.ts";
import { type BackendScope, makeBackendScope, reportIn } from "../backend/backend-scope.ts";
import type { CompileContext, GatewayContext } from "../contract.ts";
import { nearName } from "../reference/near-name.ts";
import { sourceOf } from "../report/report.ts";
import { findWinner } from "./claim-targets.ts";

type TelemetryPolicy = Resource<"XTelemetryPolicy">;

/** A policy's tracing for one Gateway. `tracing` is absent when spans are off, or have nowhere to go. */
export type CompiledTracing = {
  readonly tracing: Tracing | undefined;
  readonly clusters: ReadonlyMap<ClusterKey, Cluster>;
  readonly findings: readonly Finding[];
};

/** Port of collectors that OTLP's registration gives to gRPC; 4318 is for HTTP. */
const otlpGrpcPort = 4317;

const all: Fraction = { numerator: 1, denominator: 1 };
const off: CompiledTracing = { tracing: undefined, clusters: new Map(), findings: [] };

/** The tracing of a Gateway by the XTelemetryPolicy in force for it. Spec: XTelemetryPolicy.spec.targetRefs; GEP-713. */
export function compileGatewayTracing(context: CompileContext, gateway: GatewayContext): CompiledTracing {
  const { namespace, name } = gateway;
  const target = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace, name };
  const policy = findWinner(context.snapshot, "XTelemetryPolicy", target);
  return policy === undefined ? off : compileTracing(context, policy, gateway);
}

/**
 * Compiles one policy's tracing. Defaults: every request is recorded, the parent's decision holds where there is a parent,
 * the service is called `namespace/name` of the Gateway. Spec: TracingConfig.
 */
export function compileTracing(
  context: CompileContext,
  policy: TelemetryPolicy,
  gateway: GatewayContext,
): CompiledTracing {
  const { tracing } = policy.spec;
  if (tracing?.mode !== "Enabled" || tracing.provider === undefined) return off;
  const scope = makeBackendScope(policy, gateway, context);
  const { backendRef, headers } = tracing.provider;
  const resolved = resolveBackend(scope, backendRef, {
    pointer: "/spec/tracing/provider/backendRef",
    use: backendRef.port === otlpGrpcPort ? "grpc" : "http",
  });
  const attributes = (tracing.attributes ?? []).flatMap((_, index) => compileAttribute(scope, tracing, index));
  if (resolved.kind === "invalid") return { ...off, findings: scope.findings };
  const parent = tracing.parentBasedSampling;
  return {
    clusters: scope.clusters,
    findings: scope.findings,
    tracing: {
      from: sourceOf(policy, "/spec/tracing"),
      cluster: resolved.cluster,
      headers: (headers ?? []).map(({ name, value }) => ({ name: name.toLowerCase(), value })),
      sampling: tracing.samplingRate ?? all,
      ...(parent?.mode === "Disabled" ? {} : { parentSampling: parent?.samplingRate ?? all }),
      serviceName: tracing.serviceName ?? `${gateway.namespace}/${gateway.name}`,
      spanName: tracing.spanName ?? "",
      attributes,
    },
  };
}

type ApiTracing = NonNullable<TelemetryPolicy["spec"]["tracing"]>;

/** One that the gateway cannot give is left out, with a finding: the spans are worth having without it. */
function compileAttribute(scope: BackendScope, tracing: ApiTracing, index: number): readonly TracingAttribute[] {
  const attribute = tracing.attributes?.[index];
  if (attribute === undefined) return [];
  const { name, sourceType, headerName = "", literalValue = "", attributeKey = "" } = attribute;
  switch (sourceType) {
    case "Header":
      return [{ kind: "header", name, header: headerName.toLowerCase() }];
    case "Literal":
      return [{ kind: "literal", name, value: literalValue }];
    case "Attribute": {
      const known: readonly string[] = knownSpanAttributes;
      if (known.includes(attributeKey)) return [{ kind: "attribute", name, key: attributeKey }];
      const near = nearName(attributeKey, known);
      reportIn(scope, "telemetry-attribute-unknown", {
        pointer: `/spec/tracing/attributes/${index}/attributeKey`,
        message: `Spans have no attribute ${JSON.stringify(attributeKey)}${near === undefined ? "." : `; did you mean ${near}?`} ${JSON.stringify(name)} is left out.`,
        fix: `Write one of ${known.join(", ")}.`,
      });
      return [];
    }
  }
}
