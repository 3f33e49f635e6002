import type { FindingName } from "../../finding/catalogue.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import type { CaSource } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import { type BackendRef, resolveBackend } from "../backend/backend.ts";
import { makeBackendScope } from "../backend/backend-scope.ts";
import { addHostCluster, type OutsideHost } from "../backend/host-cluster.ts";
import type { BackendKey, CompileContext, GatewayContext, Route } from "../contract.ts";
import { explainGrant } from "../reference/grant.ts";
import { type FindingText, groupOf, nameOf, refOf, report, sourceOf } from "../report/report.ts";
import type { ObjectName, ReaderScope } from "../route/filter-scope.ts";
import { caKind, caKindFault } from "../tls/ca-kind.ts";
import { sourceAt, type TracedSpec } from "./merge-specs.ts";
import { objectReaders } from "./object-readers.ts";
import { type PolicyEffect, policyKey } from "./policy-effect.ts";
import type { InheritedKind } from "./policy-kinds.ts";

type Inherited = Resource<InheritedKind>;

/**
 * What one feature of a policy is compiled with. `field` is a JSON pointer below the feature's own field, `""` for that itself.
 * In a merged policy each part of a value belongs to the policy that wrote it: findings name that one, and references count
 * as that one's.
 */
export interface FeatureScope extends ReaderScope {
  readonly context: CompileContext;
  /** Another field of the merged policy, such as `jwt`; `undefined` when it has none. */
  sibling(field: string): unknown;
  /** The cluster of a host that is named at a field, rather than by a reference to a backend. */
  addHost(host: OutsideHost, field: string): ClusterKey;
  /** On whose rule or listener the policy is in force. */
  readonly place: SourceRef;
  /** Where the value at a field was written. */
  from(field: string): SourceRef;
}

/** Whose rules or listener a policy is in force on. */
export type PolicyPlace = Route | Resource<"Gateway"> | Resource<"ListenerSet">;

/** What compiling features has brought up, for all policies that have a part in them. */
export type FeatureYield = {
  readonly clusters: ReadonlyMap<ClusterKey, Cluster>;
  readonly backends: ReadonlySet<BackendKey>;
  readonly effects: readonly PolicyEffect[];
};

/** What the features of one merged policy refer to and report, at one place. */
export class PolicyReferences {
  readonly #context: CompileContext;
  readonly #gateway: GatewayContext;
  readonly #traced: TracedSpec<Inherited>;
  readonly #protocol: "http" | "grpc";
  readonly #place: SourceRef;
  readonly #scopes = new Map<Inherited, ReturnType<typeof makeBackendScope>>();

  constructor(context: CompileContext, gateway: GatewayContext, traced: TracedSpec<Inherited>, place: PolicyPlace) {
    this.#context = context;
    this.#gateway = gateway;
    this.#traced = traced;
    this.#protocol = place.kind === "GRPCRoute" ? "grpc" : "http";
    this.#place = sourceOf(place, "");
  }

  /** The scope of the feature at a pointer in the merged spec, such as `/jwt`. */
  scope(pointer: string): FeatureScope {
    const at = (field: string) => this.#at(pointer + field);
    const tell = (name: FindingName, field: string, text: FindingText): void => {
      const place = at(field);
      place.scope.findings.push(report(name, place, text));
    };
    return {
      context: this.#context,
      pointer: at("").pointer,
      protocol: this.#protocol,
      place: this.#place,
      from: (field) => {
        const { resource, pointer: own } = at(field);
        return sourceOf(resource, own);
      },
      report: tell,
      sibling: (field) => this.#traced.spec[field],
      addHost: (host, field) => {
        const { scope, resource, pointer: own } = at(field);
        return addHostCluster(scope, host, sourceOf(resource, own));
      },
      resolveBackend: (ref: BackendRef, field, use) => {
        const { scope, pointer: own } = at(field);
        const answer = resolveBackend(scope, ref, { pointer: own, use });
        return answer.kind === "cluster" ? answer.cluster : undefined;
      },
      ...objectReaders(this.#context, (field) => at(field).resource, tell),
    };
  }

  /**
   * Reads the CA certificates that a reference at a pointer in the merged spec leads to. `undefined`, with a finding, when it is not
   * permitted or does not resolve.
   */
  readAuthority(
    ref: ObjectName & { readonly group: string; readonly kind: string },
    pointer: string,
  ): CaSource | undefined {
    const place = this.#at(pointer);
    const { resource, scope } = place;
    const tell = (name: FindingName, text: FindingText): undefined => {
      scope.findings.push(report(name, place, text));
    };
    const kind = caKind(ref);
    if (kind === undefined) {
      const { reason, fix } = caKindFault(ref);
      return tell("policy-ca-kind-unsupported", {
        message: `CA certificates cannot be read from ${ref.kind} ${ref.name}: ${reason}.`,
        fix,
      });
    }
    const home = resource.metadata.namespace;
    const namespace = kind === "ClusterTrustBundle" ? undefined : (ref.namespace ?? home);
    if (namespace !== undefined) {
      const from = { group: groupOf(resource.apiVersion), kind: resource.kind, namespace: home };
      const permission = explainGrant(this.#context.snapshot, from, { group: "", kind, namespace, name: ref.name });
      if (permission.answer !== "granted")
        return tell("policy-reference-not-permitted", {
          message: `${nameOf(refOf(resource))} is not permitted to refer to ${kind} ${namespace}/${ref.name}: ${permission.detail}.`,
          fix: permission.fix,
        });
    }
    const answer = this.#context.secrets.caBundle(kind, namespace, ref.name);
    if ("source" in answer) return answer.source;
    return tell("policy-ca-invalid", {
      message: answer.message,
      fix: `Store PEM certificates in ${kind} ${ref.name}, or correct the reference.`,
    });
  }

  /** What the scopes have brought up so far. */
  collect(): FeatureYield {
    const scopes = [...this.#scopes];
    const gateway = `${this.#gateway.namespace}/${this.#gateway.name}`;
    return {
      clusters: new Map(scopes.flatMap(([, { clusters }]) => [...clusters])),
      backends: new Set(scopes.flatMap(([, { backends }]) => [...backends])),
      effects: scopes.flatMap(([policy, { findings }]) =>
        findings.length === 0
          ? []
          : [{ policy: policyKey(policy), gateway, role: "mistaken", other: "", pointer: "", findings }],
      ),
    };
  }

  #at(pointer: string) {
    const { policy, pointer: own } = sourceAt(this.#traced, pointer);
    let scope = this.#scopes.get(policy);
    if (scope === undefined) {
      scope = makeBackendScope(policy, this.#gateway, this.#context);
      this.#scopes.set(policy, scope);
    }
    return { resource: policy, pointer: own, scope };
  }
}
