/** Payload of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** The value of a claim: a dot leads into an object, unless the claim's own name has it. `undefined`: there is none. */
export function claimAt(claims: Claims, name: string): unknown {
  let value: unknown = claims;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) {
      return Object.hasOwn(claims, name) ? claims[name] : undefined;
    }
    value = (value as Claims)[part];
  }
  return value;
}

/**
 * A claim as a header has it: text in UTF-8; numbers and booleans in digits and letters; lists and objects as JSON in base64url,
 * as Envoy writes them. `undefined` for what no header can hold: nothing, and text with control characters.
 */
export function claimHeaderValue(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return control.test(value) ? undefined : Buffer.from(value.trim(), "utf8").toString("latin1");
    case "number":
    case "boolean":
      return String(value);
    case "object":
      return value === null ? undefined : Buffer.from(JSON.stringify(value), "utf8").toString("base64url");
    default:
      return undefined;
  }
}

const control = /[\x00-\x1f\x7f]/;
