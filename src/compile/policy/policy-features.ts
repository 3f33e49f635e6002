import { compileAdmissionControl } from "../../filter/admissionControl/compile-policy.ts";
import { compileApiKeyAuthPolicy } from "../../filter/apiKeyAuth/compile-policy.ts";
import { compileAuthorizationPolicy } from "../../filter/authorization/compile-policy.ts";
import { compileBandwidthLimit } from "../../filter/bandwidthLimit/compile.ts";
import { compileBasicAuthPolicy } from "../../filter/basicAuth/compile-policy.ts";
import { compileBodyLimit } from "../../filter/bodyLimit/compile.ts";
import { compileCompressionPolicy } from "../../filter/compression/compile-policy.ts";
import { compileConcurrency } from "../../filter/concurrency/compile.ts";
import { compileCorsPolicy } from "../../filter/cors/compile-policy.ts";
import { compileCsrf } from "../../filter/csrf/compile.ts";
import { compileExtAuthPolicy } from "../../filter/externalAuth/compile-policy.ts";
import { compileProcessingPolicy } from "../../filter/externalProcessing/compile-policy.ts";
import { compileFaultPolicy } from "../../filter/faultInjection/compile-policy.ts";
import { compileGlobalRateLimit } from "../../filter/globalRateLimit/compile.ts";
import { compileJwtPolicy } from "../../filter/jwt/compile-policy.ts";
import { compileLocalRateLimit } from "../../filter/localRateLimit/compile.ts";
import { compileOidc } from "../../filter/oidc/compile.ts";
import { compileRequestBuffer } from "../../filter/requestBuffer/compile.ts";
import { compileOverridePolicy } from "../../filter/responseOverride/compile-policy.ts";
import type { Filter, PlacedFilter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { FeatureScope, PolicyReferences } from "./feature-scope.ts";
import type { TracedSpec } from "./merge-specs.ts";
import { policyName } from "./policy-effect.ts";
import type { InheritedKind } from "./policy-kinds.ts";

/** Kinds of policies that apply to rules. */
export type RulePolicyKind = Exclude<InheritedKind, "ClientTrafficPolicy">;

type Spec<K extends RulePolicyKind> = Resource<K>["spec"];

/**
 * What a feature comes to: filters in their order. `refused`, with a finding: it cannot be honoured and must not be left out,
 * so requests get 500.
 */
export type CompiledFeature = readonly Filter[] | "refused";

/** A field of a kind of policy that becomes filters of the rules on which it is in force. */
type Feature = {
  readonly policy: RulePolicyKind;
  readonly field: string;
  readonly compile: (value: never, scope: FeatureScope) => CompiledFeature;
};

function feature<K extends RulePolicyKind, F extends keyof Spec<K> & string>(
  policy: K,
  field: F,
  compile: (value: NonNullable<Spec<K>[F]>, scope: FeatureScope) => CompiledFeature,
): Feature {
  return { policy, field, compile };
}

/**
 * THE table of features, in the order in which requests meet their filters; they stand before the route's own. A feature that
 * acts on answers alone stands last, as answers meet filters the other way round.
 */
const features: readonly Feature[] = [
  feature("BackendTrafficPolicy", "faultInjection", compileFaultPolicy),
  feature("SecurityPolicy", "cors", compileCorsPolicy),
  feature("SecurityPolicy", "csrf", compileCsrf),
  feature("SecurityPolicy", "extAuth", compileExtAuthPolicy),
  feature("SecurityPolicy", "apiKeyAuth", compileApiKeyAuthPolicy),
  feature("SecurityPolicy", "basicAuth", compileBasicAuthPolicy),
  feature("SecurityPolicy", "oidc", compileOidc),
  feature("SecurityPolicy", "jwt", compileJwtPolicy),
  feature("SecurityPolicy", "authorization", compileAuthorizationPolicy),
  feature("BackendTrafficPolicy", "requestBodyLimit", compileBodyLimit),
  feature("BackendTrafficPolicy", "concurrency", compileConcurrency),
  feature("BackendTrafficPolicy", "requestBuffer", compileRequestBuffer),
  feature("BackendTrafficPolicy", "admissionControl", compileAdmissionControl),
  feature("BackendTrafficPolicy", "rateLimit", compileLocalRateLimit),
  feature("BackendTrafficPolicy", "rateLimit", compileGlobalRateLimit),
  feature("BackendTrafficPolicy", "bandwidthLimit", compileBandwidthLimit),
  feature("ExtensionPolicy", "extProc", compileProcessingPolicy),
  feature("BackendTrafficPolicy", "compressor", compileCompressionPolicy),
  feature("BackendTrafficPolicy", "compression", compileCompressionPolicy),
  feature("BackendTrafficPolicy", "responseOverride", compileOverridePolicy),
];

/** What one kind's policies come to on a rule. */
export type PolicyOnRule = {
  readonly kind: RulePolicyKind;
  readonly traced: TracedSpec<Resource<InheritedKind>>;
  readonly references: PolicyReferences;
};

/** The filters that policies put before a rule's own. */
export function compileFeatures(policies: readonly PolicyOnRule[]): readonly PlacedFilter[] {
  return features.flatMap(({ policy, field, compile }) => {
    const on = policies.find(({ kind }) => kind === policy);
    const value = on?.traced.spec[field];
    if (on === undefined || value === undefined) return [];
    const scope = on.references.scope(`/${field}`);
    const from = scope.from("");
    // Each row's function takes the value of the field that it names.
    const made = compile(value as never, scope);
    const filters = made === "refused" ? [refusal(on, field)] : made;
    return filters.map((filter): PlacedFilter => ({ from, filter }));
  });
}

function refusal({ traced }: PolicyOnRule, field: string): Filter {
  const { policy } = traced.sources.get(`/${field}`) ?? traced.sources.get("")!;
  const reason = `${field} of ${policyName(policy)} cannot be honoured, so nothing may pass`;
  return { kind: "directResponse", status: 500, reason };
}
