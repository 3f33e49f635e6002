/** What to write over a live status, and whether to write at all. Pure. */
import { canonicalJson } from "../../base/canonical-json.ts";
import { sameJson } from "../../base/same-json.ts";
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import type { ObjectStatus, TimedCondition } from "../condition.ts";
import { clearStatus, renderStatus } from "../render-status.ts";

/** What we want to stand in the status of one object. */
export type StatusIntent =
  | { readonly kind: "set"; readonly source: ObjectStatus<TimedCondition> }
  /** Nothing of ours. `generation`: of the object that this was concluded from. */
  | { readonly kind: "clear"; readonly generation: number };

export type PlanOptions = {
  /** The status that the object has now: anything, as it comes from outside. */
  readonly live: unknown;
  readonly controllerName: string;
};

/** Longest message that the API takes. Spec: metav1.Condition.message, maxLength 32768. */
const messageLimit = 32_768;

/**
 * The JSON merge patch (RFC 7386) that turns the live status into the wanted one: whole fields, `null` for those to take
 * away. `undefined` when they mean the same already, or when the live one was concluded from a later generation.
 */
export function planStatus(intent: StatusIntent, { live, controllerName }: PlanOptions): JsonObject | undefined {
  const options = { previous: live, controllerName };
  const before = isJsonObject(live) ? live : {};
  const wanted =
    intent.kind === "set" ? fit(renderStatus(intent.source, options), controllerName) : clearStatus(options);
  if (!wanted || isOutdated(intent, before, controllerName)) return undefined;
  const patch: Record<string, unknown> = {};
  for (const field of new Set([...Object.keys(wanted), ...Object.keys(before)])) {
    // Most statuses stand as they are to be, letter for letter.
    if (sameJson(wanted[field], before[field])) continue;
    if (meaningOf(field, wanted[field]) === meaningOf(field, before[field])) continue;
    patch[field] = wanted[field] ?? null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Whether the status has entries of this controller that `planStatus` could take away. */
export function hasOwnEntries(status: unknown, controllerName: string): boolean {
  return clearStatus({ previous: status, controllerName }) !== undefined;
}

/** Two leaders in turn, or a slow turn of this one: what was concluded from the newer object stays. */
function isOutdated(intent: StatusIntent, live: JsonObject, controllerName: string): boolean {
  const generation = intent.kind === "set" ? intent.source.generation : intent.generation;
  const lists =
    intent.kind === "set" && "conditions" in intent.source.body
      ? [ownConditions(live, intent.source.body.conditions)]
      : [live["parents"], live["ancestors"]].flatMap((entries) =>
          records(entries)
            .filter((entry) => entry["controllerName"] === controllerName)
            .map((entry) => records(entry["conditions"])),
        );
  return lists.flat().some(({ observedGeneration: seen }) => typeof seen === "number" && seen > generation);
}

function ownConditions(live: JsonObject, ours: readonly TimedCondition[]): readonly JsonObject[] {
  return records(live["conditions"]).filter(({ type }) => ours.some((condition) => condition.type === type));
}

/** As the API takes it and gives it back: no empty list of addresses, references in full, messages within the limit. */
function fit(status: JsonObject, controllerName: string): JsonObject {
  const { addresses, parents, ancestors, ...rest } = status;
  const fitted = {
    ...rest,
    ...(Array.isArray(addresses) && addresses.length > 0 ? { addresses } : {}),
    ...(parents === undefined ? {} : { parents: withFullRefs(parents, "parentRef", controllerName) }),
    ...(ancestors === undefined ? {} : { ancestors: withFullRefs(ancestors, "ancestorRef", controllerName) }),
  };
  return hasLongMessage(fitted) ? (fitMessages(fitted) as JsonObject) : fitted;
}

function withFullRefs(entries: unknown, field: "parentRef" | "ancestorRef", controllerName: string): unknown {
  if (!Array.isArray(entries)) return entries;
  return entries.map((entry: unknown) =>
    isJsonObject(entry) && entry["controllerName"] === controllerName
      ? { ...entry, [field]: refMeaning(entry[field]) }
      : entry,
  );
}

function hasLongMessage(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasLongMessage);
  if (!isJsonObject(value)) return false;
  const { message } = value;
  return (typeof message === "string" && message.length > messageLimit) || Object.values(value).some(hasLongMessage);
}

function fitMessages(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fitMessages);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "message" && typeof member === "string" ? cut(member) : fitMessages(member),
    ]),
  );
}

/** Half of a surrogate pair at the end would be no character. */
function cut(message: string): string {
  return message.length <= messageLimit ? message : message.slice(0, messageLimit).replace(/[\ud800-\udbff]$/, "");
}

/**
 * Text that is equal for fields that mean the same: maps by key that the API has as lists come in any order, and what the
 * API server fills in counts as written.
 */
function meaningOf(field: string, value: unknown): string {
  if (!Array.isArray(value)) return canonicalJson(value ?? null);
  if (value.length === 0 && field === "addresses") return "null";
  const items = value.map((item) => canonicalJson(isJsonObject(item) ? itemMeaning(field, item) : item));
  return canonicalJson(field === "addresses" || field === "supportedKinds" ? items : items.sort());
}

function itemMeaning(field: string, item: JsonObject): JsonObject {
  switch (field) {
    case "listeners":
      return {
        ...item,
        supportedKinds: meaningOf("supportedKinds", item["supportedKinds"] ?? []),
        conditions: meaningOf("conditions", item["conditions"]),
      };
    case "parents":
      return { ...item, parentRef: refMeaning(item["parentRef"]), conditions: meaningOf("", item["conditions"]) };
    case "ancestors":
      return { ...item, ancestorRef: refMeaning(item["ancestorRef"]), conditions: meaningOf("", item["conditions"]) };
    case "addresses":
      return { type: "IPAddress", ...item };
    case "supportedKinds":
      return { group: "gateway.networking.k8s.io", ...item };
    default:
      return item;
  }
}

/** Spec: the defaults of ParentReference. */
function refMeaning(ref: unknown): unknown {
  return isJsonObject(ref) ? { group: "gateway.networking.k8s.io", kind: "Gateway", ...ref } : (ref ?? null);
}

function records(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
