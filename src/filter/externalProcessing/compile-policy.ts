import { durationMs } from "../../base/duration.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { CompiledFeature } from "../../compile/policy/policy-features.ts";
import { type Filter, type ProcessedMessage, type ProcessingAttribute, processingAttributes } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

type ExtProc = NonNullable<Resource<"ExtensionPolicy">["spec"]["extProc"]>[number];
type Direction = NonNullable<NonNullable<ExtProc["processingMode"]>["request"]>;

const defaultTimeoutMs = 200;
const bodies = { Buffered: "buffered", Streamed: "streamed" } as const;

/**
 * Compiles `ExtensionPolicy.spec.extProc`, a filter for each service. What cannot be honoured lets nothing pass: nobody knows what the
 * service would have done. Spec: ExtProc of Envoy Gateway.
 */
export function compileProcessingPolicy(services: readonly ExtProc[], scope: FeatureScope): CompiledFeature {
  const filters = services.map((service, index) => compileService(service, scope, `/${index}`));
  return filters.every((filter) => filter !== undefined) ? filters : "refused";
}

function compileService(service: ExtProc, scope: FeatureScope, field: string): Filter | undefined {
  const refs = service.backendRefs ?? (service.backendRef === undefined ? [] : [service.backendRef]);
  const [ref] = refs;
  const at = service.backendRefs === undefined ? "/backendRef" : "/backendRefs/0";
  if (ref === undefined || refs.length > 1) {
    scope.report("policy-value-unusable", `${field}/backendRefs`, {
      message: `extProc names ${refs.length} services; requests get 500.`,
      fix: "Name one.",
    });
    return undefined;
  }
  const { request, response } = service.processingMode ?? {};
  const told = compileDirection(request, scope, `${field}/processingMode/request`);
  const answered = compileDirection(response, scope, `${field}/processingMode/response`);
  if (told === "refused" || answered === "refused") return undefined;
  const ms = service.messageTimeout === undefined ? undefined : durationMs(service.messageTimeout);
  return {
    kind: "externalProcessing",
    cluster: scope.resolveBackend(ref, `${field}${at}`, "grpc"),
    timeoutMs: Math.min(ms || defaultTimeoutMs, 2 ** 31 - 1),
    failOpen: service.failOpen ?? false,
    errorStatus: service.statusOnError ?? 500,
    ...(told === undefined ? {} : { request: told }),
    ...(answered === undefined ? {} : { response: answered }),
  };
}

function compileDirection(
  direction: Direction | undefined,
  scope: FeatureScope,
  field: string,
): ProcessedMessage | "refused" | undefined {
  if (direction === undefined) return undefined;
  const { body, attributes = [] } = direction;
  if (body === "BufferedPartial" || body === "FullDuplexStreamed") {
    scope.report("policy-value-unusable", `${field}/body`, {
      message: `body is ${body}, which is not served; requests get 500.`,
      fix: "Write Buffered or Streamed.",
    });
    return "refused";
  }
  const unknown = attributes.findIndex((name) => !isKnown(name));
  if (unknown >= 0) {
    scope.report("policy-value-unusable", `${field}/attributes/${unknown}`, {
      message: `The attribute ${attributes[unknown]} is not served; requests get 500.`,
      fix: `Remove it. Served are ${processingAttributes.join(", ")}.`,
    });
    return "refused";
  }
  return { body: body === undefined ? "none" : bodies[body], attributes: attributes.filter(isKnown) };
}

function isKnown(name: string): name is ProcessingAttribute {
  return (processingAttributes as readonly string[]).includes(name);
}
