import { requestFields } from "../../wire/http1/known-field.ts";

/** Fields that the gateway writes itself, or that concern one connection. */
const ownFields: ReadonlySet<string> = new Set([...requestFields.names.slice(0, requestFields.keptFrom), "trailer"]);

/**
 * Whether a field (lower case) is never taken from a client or an authorisation server. Underscores count as hyphens, as many
 * backends read them.
 */
export function isOwnField(name: string): boolean {
  return ownFields.has(name.includes("_") ? name.replaceAll("_", "-") : name);
}
