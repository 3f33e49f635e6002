import { isSecretName } from "../base/secret-name.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import type { HeaderTemplate } from "../ir/template.ts";

const redacted = "[redacted]";

/** Shorter values are replaced only where they stand by themselves: as a part of other text they would match too much. */
const minPartLength = 4;

/**
 * A copy of plain data without the credentials that the model holds: manifests may set headers of any name, for backends and for
 * collectors of spans, and match headers such as `Authorization`; whoever may see routing need not see those values, in pairs or
 * inside of sentences.
 */
export function redact<T>(value: T, model: RoutingModel): T {
  const secrets = [...secretValues(model)].sort((a, b) => b.length - a.length);
  const hide = (text: string): string => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, redacted), text);
  return JSON.parse(JSON.stringify(value), (key, member: unknown) => {
    if (typeof member === "string") return hide(member);
    if (key === "tracing" && hasHeaders(member)) return { ...member, headers: member.headers.map(withoutValue) };
    if (isHeaderModifier(member)) {
      return { ...member, set: member.set.map(withoutValue), add: member.add.map(withoutValue) };
    }
    if (isHeaderTemplate(member)) {
      return { ...member, value: member.value.map((part) => (typeof part === "string" ? redacted : part)) };
    }
    return isSecretPair(member) ? { ...member, value: redacted } : member;
  }) as T;
}

const secretsOfModel = new WeakMap<RoutingModel, ReadonlySet<string>>();

function secretValues(model: RoutingModel): ReadonlySet<string> {
  const known = secretsOfModel.get(model);
  if (known) return known;
  const secrets = new Set<string>();
  JSON.stringify(model, (_key, member: unknown) => {
    if (isSecretPair(member) && member.value.length >= minPartLength) secrets.add(member.value);
    return member;
  });
  for (const { value } of model.gateways.flatMap(({ tracing }) => tracing?.headers ?? [])) {
    if (value.length >= minPartLength) secrets.add(value);
  }
  secretsOfModel.set(model, secrets);
  return secrets;
}

function isSecretPair(member: unknown): member is { readonly name: string; readonly value: string } {
  if (typeof member !== "object" || member === null) return false;
  const { name, value } = member as { readonly name?: unknown; readonly value?: unknown };
  return typeof name === "string" && typeof value === "string" && isSecretName(name);
}

/** What it takes from requests may be seen: they name it alone. */
function isHeaderTemplate(member: unknown): member is HeaderTemplate {
  if (typeof member !== "object" || member === null) return false;
  const { name, value } = member as { readonly name?: unknown; readonly value?: unknown };
  return typeof name === "string" && Array.isArray(value);
}

function withoutValue(header: object): object {
  return { ...header, value: redacted };
}

type Modifier = { readonly set: readonly object[]; readonly add: readonly object[] };

function isHeaderModifier(member: unknown): member is Modifier {
  return typeof member === "object" && member !== null && "kind" in member && member.kind === "headerModifier";
}

function hasHeaders(member: unknown): member is { readonly headers: readonly object[] } {
  return typeof member === "object" && member !== null && "headers" in member && Array.isArray(member.headers);
}
