/** Joins what the compiler concluded with what the data plane reports and with what stood in the statuses before. Pure. */
import { unreachable } from "../base/unreachable.ts";
import type { ObjectRef } from "../finding/finding.ts";
import type { GatewayProvision } from "../infrastructure/data-plane.ts";
import type { GatewayKey } from "../ir/routing-model.ts";
import type {
  CompiledStatus,
  Condition,
  ListenerStatus,
  MergedStatus,
  ObjectStatus,
  ParentRef,
  StatusBody,
  TimedCondition,
} from "./condition.ts";

/** What became of one listener on the data plane. */
export type ListenerRow =
  | { readonly state: "programmed" }
  | { readonly state: "failed"; readonly message: string; readonly code?: string };

/** A data plane's report: rows by listener (`Kind/namespace/name/listener`) and by Gateway (`namespace/name`). */
export type PlaneRows = {
  readonly listeners: Readonly<Record<string, ListenerRow>>;
  /** Addresses that clients can reach. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** Where data planes are provisioned: what came of that, by Gateway. It decides on addresses then. */
  readonly provision?: Readonly<Record<string, GatewayProvision>>;
};

/**
 * The statuses after a turn. `Programmed` is decided by the report wherever the compiler left it pending; without a report it
 * stays `Unknown`. A condition keeps its transition time while its status stays what it was in `previous`.
 */
export function mergeStatus(
  compiled: CompiledStatus,
  report: PlaneRows | undefined,
  previous: MergedStatus | undefined,
  nowMs: number,
): MergedStatus {
  const now = new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z");
  const old = new Set<MergedStatus[number]>(previous);
  const kept = compiled.map((status) => {
    const before = mergedFrom.get(status);
    return before !== undefined && old.delete(before) ? before : undefined;
  });
  const known = new Map(Array.from(old, (merged) => [refKey(merged.ref), merged]));
  return compiled.map((status, at) => {
    const before = kept[at];
    if (before !== undefined) return before;
    const body = report ? joinPlane(status, report) : status.body;
    const merged = { ...status, body: withTimes(body, known.get(refKey(status.ref))?.body, now) };
    if (!followsPlane(status)) mergedFrom.set(status, merged);
    return merged;
  });
}

/** What was made of a conclusion, for those that no data plane has a say in: the same object again while nothing changes. */
const mergedFrom = new WeakMap<ObjectStatus, MergedStatus[number]>();

function followsPlane({ body }: ObjectStatus): boolean {
  return body.shape === "gateway" || body.shape === "listenerSet" || body.shape === "ingress";
}

function joinPlane({ ref, generation, body }: ObjectStatus, report: PlaneRows): StatusBody {
  if (body.shape === "ingress") return { ...body, addresses: addressesOf(body.servedBy, report) };
  if (body.shape !== "gateway" && body.shape !== "listenerSet") return body;
  const rows = body.listeners.map(({ name }) => rowOf(report.listeners, `${ownerKey(ref)}/${name}`));
  const listeners = body.listeners.map((listener, place) => joinListener(listener, rows[place]));
  const conditions = body.conditions.map((condition) => joinSummary(condition, listeners));
  if (body.shape === "listenerSet") return { ...body, listeners, conditions };
  const key = `${ref.namespace ?? ""}/${ref.name}`;
  const joined = { ...body, listeners, conditions };
  if (report.provision) return joinProvision(joined, rowOf(report.provision, key), generation);
  const addresses = (rowOf(report.addresses, key) ?? []).map((value) => ({ type: addressType(value), value }));
  const unusable = rows.find((row) => row !== undefined && row.state !== "programmed" && row.code === "EADDRNOTAVAIL");
  if (!unusable || unusable.state === "programmed") return { ...joined, addresses };
  const { message } = unusable;
  return {
    ...joined,
    addresses,
    conditions: conditions.map((condition) =>
      condition.type === "Programmed"
        ? { ...condition, status: "False", reason: "AddressNotUsable", message }
        : condition,
    ),
  };
}

function addressesOf(gateway: GatewayKey, report: PlaneRows): readonly string[] {
  if (report.provision) return (rowOf(report.provision, gateway)?.addresses ?? []).map(({ value }) => value);
  return rowOf(report.addresses, gateway) ?? [];
}

type GatewayBody = Extract<StatusBody, { readonly shape: "gateway" }>;

/**
 * A Gateway without the address that it should have is not programmed, whatever its proxies say; what its proxies wait for is
 * told while they have said nothing.
 */
function joinProvision(body: GatewayBody, row: GatewayProvision | undefined, generation: number): GatewayBody {
  if (!row) return body;
  const { addresses, assigned, problem, waiting } = row;
  const conditions = body.conditions.map((condition): Condition => {
    if (condition.type !== "Programmed") return condition;
    if (problem && (condition.status === "True" || isPending(condition))) {
      const also = isPending(condition) && waiting?.reason === "NoResources" ? waiting : problem;
      return { ...condition, status: "False", reason: also.reason, message: also.message };
    }
    if (!waiting || !isPending(condition)) return condition;
    const status = waiting.reason === "NoResources" ? "False" : "Unknown";
    return { ...condition, status, reason: waiting.reason, message: waiting.message };
  });
  return {
    ...body,
    addresses,
    conditions: [...conditions, ...(assigned ? [assignedCondition(assigned, generation)] : [])],
  };
}

const assignedReasons = { all: "AddressesAssigned", some: "PartiallyAssigned", none: "NotAssigned" } as const;

/** Spec: condition AddressesAssigned (GEP-5093). */
function assignedCondition(
  { state, message }: NonNullable<GatewayProvision["assigned"]>,
  observedGeneration: number,
): Condition {
  return {
    type: "AddressesAssigned",
    status: state === "all" ? "True" : "False",
    reason: assignedReasons[state],
    message: state === "all" ? "The Gateway has every requested address." : message,
    observedGeneration,
  };
}

function joinListener(listener: ListenerStatus, row: ListenerRow | undefined): ListenerStatus {
  if (!row) return listener;
  return {
    ...listener,
    conditions: listener.conditions.map((condition) => {
      if (!isPending(condition)) return condition;
      if (row.state === "programmed") {
        return { ...condition, status: "True", reason: "Programmed", message: "The listener is open." };
      }
      const reason = row.state === "failed" ? "PortUnavailable" : "Invalid";
      return { ...condition, status: "False", reason, message: row.message };
    }),
  };
}

/** An object is programmed when something of it is open; a listener that failed says so itself while the others serve. */
function joinSummary(condition: Condition, listeners: readonly ListenerStatus[]): Condition {
  if (!isPending(condition)) return condition;
  const states = listeners.flatMap(({ conditions }) => conditions.filter(({ type }) => type === "Programmed"));
  if (states.some(({ status }) => status === "True")) {
    return { ...condition, status: "True", reason: "Programmed", message: "The data plane serves it." };
  }
  if (states.some(isPending)) return condition;
  const failed = states.find(({ reason }) => reason === "PortUnavailable") ?? states[0];
  return failed ? { ...condition, status: "False", reason: "Invalid", message: failed.message } : condition;
}

function isPending(condition: Condition): boolean {
  return condition.type === "Programmed" && condition.status === "Unknown" && condition.reason === "Pending";
}

function withTimes(
  body: StatusBody,
  before: StatusBody<TimedCondition> | undefined,
  now: string,
): StatusBody<TimedCondition> {
  const old = before?.shape === body.shape ? before : undefined;
  const time = (conditions: readonly Condition[], known: readonly TimedCondition[] | undefined) =>
    conditions.map((condition): TimedCondition => {
      const same = known?.find(({ type, status }) => type === condition.type && status === condition.status);
      return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? now };
    });
  switch (body.shape) {
    case "ingress":
      return body;
    case "gatewayClass":
    case "backend":
      return { ...body, conditions: time(body.conditions, conditionsOf(old)) };
    case "gateway":
    case "listenerSet": {
      const known = old && "listeners" in old ? old.listeners : [];
      const listeners = body.listeners.map((listener) => ({
        ...listener,
        conditions: time(listener.conditions, known.find(({ name }) => name === listener.name)?.conditions),
      }));
      return { ...body, listeners, conditions: time(body.conditions, conditionsOf(old)) };
    }
    case "route": {
      const known = old?.shape === "route" ? old.parents : [];
      const parents = body.parents.map(({ parentRef, conditions }) => ({
        parentRef,
        conditions: time(conditions, known.find((entry) => sameRef(entry.parentRef, parentRef))?.conditions),
      }));
      return { ...body, parents };
    }
    case "policy": {
      const known = old?.shape === "policy" ? old.ancestors : [];
      const ancestors = body.ancestors.map(({ ancestorRef, conditions }) => ({
        ancestorRef,
        conditions: time(conditions, known.find((entry) => sameRef(entry.ancestorRef, ancestorRef))?.conditions),
      }));
      return { ...body, ancestors };
    }
    default:
      return unreachable(body);
  }
}

function conditionsOf(body: StatusBody<TimedCondition> | undefined): readonly TimedCondition[] | undefined {
  return body && "conditions" in body ? body.conditions : undefined;
}

/** True when two references name the same parent, or ancestor, and the same part of it. Defaults count as written. */
export function sameRef(a: Partial<ParentRef>, b: Partial<ParentRef>): boolean {
  return (
    (a.group ?? "gateway.networking.k8s.io") === (b.group ?? "gateway.networking.k8s.io") &&
    (a.kind ?? "Gateway") === (b.kind ?? "Gateway") &&
    a.namespace === b.namespace &&
    a.name === b.name &&
    a.sectionName === b.sectionName &&
    a.port === b.port
  );
}

function rowOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function ownerKey(ref: ObjectRef): string {
  return `${ref.kind}/${ref.namespace ?? ""}/${ref.name}`;
}

function refKey(ref: ObjectRef): string {
  return `${ref.group}/${ref.kind}/${ref.namespace ?? ""}/${ref.name}`;
}

function addressType(value: string): "IPAddress" | "Hostname" {
  return /^[0-9.]+$/.test(value) || value.includes(":") ? "IPAddress" : "Hostname";
}
