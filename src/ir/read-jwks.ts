import type { PublicJwk } from "./jwt.ts";

/** Most keys of a set that are read; the others are left out. */
const maxKeys = 100;

/** What each type of key consists of. RFC 7518 section 6, RFC 8037. */
const members: Readonly<Record<PublicJwk["kty"], readonly string[]>> = {
  RSA: ["n", "e"],
  EC: ["crv", "x", "y"],
  OKP: ["crv", "x"],
};

/** Members that say which tokens a key is for. */
const purposes = ["kid", "use", "alg"];

/**
 * The public keys of a key set; `undefined` when the text is none. Symmetric keys are left out: whoever can check tokens with
 * one can make them. So are keys for encryption, and of others nothing private is read. Spec: RFC 7517 section 5.
 */
export function readJwks(text: string): readonly PublicJwk[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || !Array.isArray(parsed["keys"])) return undefined;
  return parsed["keys"].slice(0, maxKeys).flatMap((key: unknown) => readKey(key) ?? []);
}

function readKey(key: unknown): PublicJwk | undefined {
  if (!isObject(key)) return undefined;
  const kty = key["kty"];
  if (kty !== "RSA" && kty !== "EC" && kty !== "OKP") return undefined;
  if (key["use"] !== undefined && key["use"] !== "sig") return undefined;
  const ops = key["key_ops"];
  if (ops !== undefined && !(Array.isArray(ops) && ops.includes("verify"))) return undefined;
  const read: Record<string, string> & { kty: PublicJwk["kty"] } = { kty };
  for (const name of members[kty]) {
    const value = key[name];
    if (typeof value !== "string") return undefined;
    read[name] = value;
  }
  for (const name of purposes) {
    const value = key[name];
    if (typeof value === "string") read[name] = value;
    else if (value !== undefined) return undefined;
  }
  return read;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
