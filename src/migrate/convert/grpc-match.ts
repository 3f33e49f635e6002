import type { JsonObject } from "../../resource/json.ts";

const service = "[A-Za-z_][A-Za-z_0-9.]*";
const methodPath = new RegExp(`^/(${service})(?:/([A-Za-z_][A-Za-z_0-9]*))?/?$`);

/**
 * A match of an HTTPRoute as one of a GRPCRoute; `{}` is every method. `undefined`: its path is no method's. A path of gRPC is
 * `/package.Service/Method`.
 */
export function grpcMatchOf({ path, headers, ...rest }: JsonObject): JsonObject | undefined {
  if (Object.keys(rest).length > 0) return undefined;
  const { type, value } = path as { readonly type: string; readonly value: string };
  const others = headers === undefined ? {} : { headers };
  if (type === "RegularExpression") return undefined;
  if (value === "/") return type === "PathPrefix" ? others : undefined;
  const [, name, method] = methodPath.exec(value) ?? [];
  if (name === undefined || (type === "Exact") !== (method !== undefined)) return undefined;
  return { method: { service: name, ...(method === undefined ? {} : { method }) }, ...others };
}
