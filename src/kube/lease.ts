/** The record that candidates for leadership share, as it stands in a Lease. Spec: coordination.k8s.io/v1 LeaseSpec. Pure. */
import { isJsonObject, type JsonObject } from "../resource/json.ts";
import type { KubeObject, ResourcePath } from "./kube-client.ts";

export type LeaseRecord = {
  /** Absent: nobody leads; the last leader stepped down. */
  readonly holder?: string;
  /** How long others wait after the last change that they saw. `undefined` when it is missing or no positive number. */
  readonly durationMs: number | undefined;
  /** How often the leadership changed hands. */
  readonly transitions: number;
  /** Where the holder is found, as it wrote it. */
  readonly address?: string;
};

/** Where the leader serves what only a leader does: `host:port`. */
const addressAnnotation = "gateway.sluice.dev/leader-address";

export type LeaseTerm = {
  readonly holder: string;
  /** Rounded up to whole seconds, which is what a Lease can say. */
  readonly durationMs: number;
  readonly transitions: number;
  readonly acquireTime: unknown;
};

export function leasePath(namespace: string, name: string): ResourcePath {
  return { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace, name };
}

/** Reads a Lease, whatever is in it: what cannot be read counts as absent. */
export function readLease(lease: KubeObject): LeaseRecord {
  const spec = leaseSpec(lease);
  const address = annotationsOf(lease)[addressAnnotation];
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = spec;
  const durationMs = typeof leaseDurationSeconds === "number" ? leaseDurationSeconds * 1000 : 0;
  return {
    ...(typeof holderIdentity === "string" && holderIdentity !== "" ? { holder: holderIdentity } : {}),
    durationMs: durationMs > 0 ? durationMs : undefined,
    transitions: typeof leaseTransitions === "number" ? leaseTransitions : 0,
    ...(typeof address === "string" && address !== "" ? { address } : {}),
  };
}

/** Its metadata with the address of a new holder, or without the former one's. */
export function leaseMetadata(lease: KubeObject, address: string | undefined): JsonObject {
  const { [addressAnnotation]: _, ...others } = annotationsOf(lease);
  const annotations = address === undefined ? others : { ...others, [addressAnnotation]: address };
  return { ...metadataOf(lease), annotations };
}

function annotationsOf(lease: KubeObject): JsonObject {
  const { annotations } = metadataOf(lease);
  return isJsonObject(annotations) ? annotations : {};
}

function metadataOf({ metadata }: KubeObject): JsonObject {
  return isJsonObject(metadata) ? metadata : {};
}

/** The `spec` of a Lease; every renewal changes it. */
export function leaseSpec(lease: KubeObject): JsonObject {
  return isJsonObject(lease["spec"]) ? lease["spec"] : {};
}

/** A Lease that does not exist yet, held by the term's holder. */
export function newLease(
  { namespace, name, address }: { namespace: string; name: string; address: string | undefined },
  spec: KubeObject,
): KubeObject {
  const metadata = leaseMetadata({ metadata: { namespace, name } }, address);
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
}

/** The `spec` of a term that is renewed at `nowMs` (since the epoch; for people, candidates do not judge by it). */
export function termSpec(term: LeaseTerm, nowMs: number): KubeObject {
  return {
    holderIdentity: term.holder,
    leaseDurationSeconds: Math.ceil(term.durationMs / 1000),
    acquireTime: term.acquireTime,
    renewTime: microTime(nowMs),
    leaseTransitions: term.transitions,
  };
}

/** The `spec` of a Lease that its holder gives up: whoever sees it may take it at once. */
export function releasedSpec(transitions: number, nowMs: number): KubeObject {
  const time = microTime(nowMs);
  return {
    holderIdentity: "",
    leaseDurationSeconds: 1,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: transitions,
  };
}

/** A time as the API's MicroTime: RFC 3339 with six decimals, in UTC. */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace("Z", "000Z");
}
