import type { Finding } from "../../finding/finding.ts";
import type { Condition, ListenerStatus, ObjectStatus } from "../../status/condition.ts";
import { isAccepted, isServable, type ListenerDraft } from "../listener/listener.ts";
import { compareText } from "../order/by-name.ts";
import { type ConditionDefault, deriveConditions, isTrue } from "../report/conditions.ts";
import { refOf } from "../report/report.ts";
import type { CompiledGateway, CompiledSet } from "./gateway.ts";

/** Shown until a data plane has reported; `check` and `status` without one leave it so. */
export const pendingMessage = "Waiting for the data plane.";

const programmed = { type: "Programmed", status: "Unknown", reason: "Pending", message: pendingMessage } as const;
const resolvedRefs = {
  type: "ResolvedRefs",
  status: "True",
  reason: "ResolvedRefs",
  message: "All references resolve.",
} as const;

/** Statuses of a Gateway and its ListenerSets. `attachedRoutes` counts the accepted routes of a listener. */
export function gatewayStatus(
  gateway: CompiledGateway,
  attachedRoutes: (listener: ListenerDraft) => number,
): readonly ObjectStatus[] {
  const { generation } = gateway.resource.metadata;
  const listeners = gateway.listeners.map((draft) => listenerStatus(gateway, draft, attachedRoutes(draft)));
  const status: ObjectStatus = {
    ref: refOf(gateway.resource),
    generation,
    body: {
      shape: "gateway",
      conditions: gatewayConditions(gateway, listeners, generation),
      listeners,
      attachedListenerSets: gateway.sets.filter(({ attached }) => attached).length,
      addresses: [],
    },
  };
  return [status, ...gateway.sets.map((set) => setStatus(gateway, set, attachedRoutes))];
}

function gatewayConditions(
  gateway: CompiledGateway,
  listeners: readonly ListenerStatus[],
  generation: number,
): Condition[] {
  const scope = gateway.resource.spec.defaultScope;
  const defaults: ConditionDefault[] = [
    acceptedWith(listeners, "The Gateway is valid."),
    gateway.listeners.some((draft) => isServable(draft)) || gateway.sets.some(servesSomething)
      ? programmed
      : { ...programmed, status: "False", reason: "Invalid", message: "No listener can be opened." },
    summaryOfReferences(listeners),
    ...(scope === "All"
      ? [
          {
            type: "DefaultGateway",
            status: "True",
            reason: "DefaultGateway",
            message: "The Gateway has default scope All.",
          } as const,
        ]
      : []),
  ];
  const conditions = deriveConditions(defaults, gateway.findings, generation);
  return gateway.accepted
    ? conditions
    : conditions.map((condition) => closed(condition, "Invalid", "The Gateway is not accepted."));
}

function setStatus(
  gateway: CompiledGateway,
  set: CompiledSet,
  attachedRoutes: (listener: ListenerDraft) => number,
): ObjectStatus {
  const { generation } = set.resource.metadata;
  const listeners = set.listeners.map((draft) => listenerStatus(gateway, draft, attachedRoutes(draft)));
  const defaults: ConditionDefault[] = [
    acceptedWith(listeners, "The ListenerSet is attached to its Gateway."),
    servesSomething(set)
      ? programmed
      : { ...programmed, status: "False", reason: "ListenersNotValid", message: "No listener can be opened." },
    ...(set.listeners.length > 0 ? [summaryOfReferences(listeners)] : []),
  ];
  const conditions = deriveConditions(defaults, set.findings, generation);
  const refused = conditions.find(({ type, status }) => type === "Accepted" && status !== "True");
  const shown = refused
    ? conditions.map((condition) => closed(condition, refused.reason, refused.message))
    : conditions;
  return { ref: refOf(set.resource), generation, body: { shape: "listenerSet", conditions: shown, listeners } };
}

/** A summary repeats what the listeners' own findings say, so it has no finding of its own. */
function acceptedWith(listeners: readonly ListenerStatus[], message: string): ConditionDefault {
  const refused = listeners.filter(({ conditions }) => !isTrue(conditions, "Accepted")).map(({ name }) => `"${name}"`);
  if (refused.length === 0) return { type: "Accepted", status: "True", reason: "Accepted", message };
  const others = listeners.length - refused.length;
  return {
    type: "Accepted",
    status: "True",
    reason: "ListenersNotValid",
    message: `Not accepted: ${refused.join(", ")}. Accepted: ${others} of ${listeners.length} listeners.`,
  };
}

function summaryOfReferences(listeners: readonly ListenerStatus[]): ConditionDefault {
  const unresolved = listeners
    .filter(({ conditions }) => !isTrue(conditions, "ResolvedRefs"))
    .map(({ name }) => `"${name}"`);
  if (unresolved.length === 0) return resolvedRefs;
  return {
    type: "ResolvedRefs",
    status: "False",
    reason: "ListenersNotResolved",
    message: `References of listeners ${unresolved.join(", ")} do not resolve.`,
  };
}

function listenerStatus(gateway: CompiledGateway, draft: ListenerDraft, attachedRoutes: number): ListenerStatus {
  const { generation } = draft.owner.metadata;
  const conflict = conflictOf(draft, generation);
  const defaults: ConditionDefault[] = [
    conflict
      ? { type: "Accepted", status: "False", reason: conflict.reason, message: conflict.message }
      : { type: "Accepted", status: "True", reason: "Accepted", message: "The listener is valid." },
    programmedOf(gateway, draft, conflict),
    resolvedRefs,
    { type: "Conflicted", status: "False", reason: "NoConflicts", message: "The listener conflicts with no other." },
  ];
  return {
    name: draft.spec.name,
    supportedKinds: draft.routeKinds,
    attachedRoutes,
    conditions: deriveConditions(defaults, draft.findings, generation),
  };
}

function programmedOf(
  gateway: CompiledGateway,
  draft: ListenerDraft,
  conflict: Condition | undefined,
): ConditionDefault {
  if (conflict) return { ...programmed, status: "False", reason: conflict.reason, message: conflict.message };
  if (!gateway.accepted) {
    return { ...programmed, status: "False", reason: "Invalid", message: "The Gateway is not accepted." };
  }
  if (isServable(draft)) return programmed;
  const reason = firstProblem(draft.findings) ?? "The listener cannot be opened.";
  return { ...programmed, status: "False", reason: "Invalid", message: reason };
}

function conflictOf(draft: ListenerDraft, generation: number): Condition | undefined {
  if (isAccepted(draft)) return undefined;
  return deriveConditions([], draft.findings, generation).find(({ type }) => type === "Conflicted");
}

function firstProblem(findings: readonly Finding[]): string | undefined {
  return [...findings].sort((a, b) => compareText(a.severity, b.severity)).find(({ severity }) => severity === "error")
    ?.message;
}

function servesSomething(set: CompiledSet): boolean {
  return set.attached && set.listeners.some((draft) => isServable(draft));
}

/** What is not accepted is not programmed either, for the same reason. */
function closed(condition: Condition, reason: string, message: string): Condition {
  return condition.type === "Programmed" ? { ...condition, status: "False", reason, message } : condition;
}
