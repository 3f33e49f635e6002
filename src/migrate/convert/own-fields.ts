/** Fields of Sluice's policies that those of Envoy Gateway do not have: what is taken out for `--policies envoy-gateway`. */
import { isJsonObject, type JsonObject } from "../../resource/json.ts";

export type PolicyFieldsKind =
  | "SecurityPolicy"
  | "BackendTrafficPolicy"
  | "ClientTrafficPolicy"
  | "HTTPRouteFilter"
  | "Backend";

/** Paths below `spec`; `[]` is every member of a list. */
export const ownFields: { readonly [K in PolicyFieldsKind]: readonly string[] } = {
  SecurityPolicy: [
    "basicAuth.realm",
    "extAuth.http.signInURL",
    "extAuth.http.signInParameter",
    "extAuth.http.headersToClient",
    "extAuth.http.cache",
  ],
  BackendTrafficPolicy: [
    "concurrency",
    "requestBodyLimit",
    "rateLimit.statusCode",
    "rateLimit.local.rules[].limit.burst",
  ],
  ClientTrafficPolicy: [],
  HTTPRouteFilter: ["headerMutation", "responseRewrite"],
  Backend: [],
};

/** The fields without those that only Sluice has, and the paths of what was taken out. */
export function withoutOwnFields(
  kind: PolicyFieldsKind,
  fields: JsonObject,
): { readonly kept: JsonObject; readonly removed: readonly string[] } {
  let kept = fields;
  const removed: string[] = [];
  for (const path of ownFields[kind]) {
    const without = remove(kept, path.split("."));
    if (without === kept) continue;
    kept = (without ?? {}) as JsonObject;
    removed.push(path);
  }
  return { kept, removed };
}

/** The value without what stands at the path; the very same when nothing does, `undefined` when nothing is left. */
function remove(value: unknown, [step = "", ...rest]: readonly string[]): unknown {
  if (!isJsonObject(value)) return value;
  const [, key = "", list] = /^([^[]+)(\[\])?$/.exec(step) ?? [];
  const held = value[key];
  if (held === undefined) return value;
  if (rest.length === 0) return withoutMember(value, key);
  const member = list === undefined ? remove(held, rest) : removeInList(held, rest);
  if (member === held) return value;
  return member === undefined ? withoutMember(value, key) : { ...value, [key]: member };
}

function removeInList(value: unknown, rest: readonly string[]): unknown {
  if (!Array.isArray(value)) return value;
  const members = value.map((member) => remove(member, rest));
  if (members.every((member, index) => member === value[index])) return value;
  const left = members.filter((member) => member !== undefined);
  return left.length === 0 ? undefined : left;
}

function withoutMember(value: JsonObject, key: string): JsonObject | undefined {
  const { [key]: _, ...rest } = value;
  return Object.keys(rest).length === 0 ? undefined : rest;
}
