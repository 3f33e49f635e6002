import type { FilterField, FilterScope } from "../../compile/route/filter-scope.ts";
import type { Filter, HeaderValue } from "../../ir/filter.ts";

type HeaderModifier = FilterField<"requestHeaderModifier">;

/** Headers that frame a message or belong to one connection. RFC 9110 section 7.6.1. */
const connectionHeaders: readonly string[] = [
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

const token = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/;

/**
 * Compiles RequestHeaderModifier and ResponseHeaderModifier. Names become lower case; the first action of a name counts;
 * headers that are the gateway's own are left out. Each of the latter is a finding. Spec: HTTPHeaderFilter.
 */
export function compileHeaderModifier(on: "request" | "response", config: HeaderModifier, scope: FilterScope): Filter {
  const seen = new Map<string, string>();

  /** The lower-case name when this action counts. */
  const claim = (name: string, field: string): string | undefined => {
    const lower = name.toLowerCase();
    const reason = whyRefused(lower, on);
    if (reason !== undefined) {
      const fix =
        lower === "host"
          ? "Use a URLRewrite filter with hostname instead."
          : `Remove ${JSON.stringify(name)} from the filter.`;
      scope.report("header-not-modifiable", field, {
        message: `The filter changes ${JSON.stringify(name)}, ${reason}; this action is ignored.`,
        fix,
      });
      return undefined;
    }
    const first = seen.get(lower);
    if (first !== undefined) {
      scope.report("header-modified-twice", field, {
        message: `Header ${JSON.stringify(name)} is already listed at ${first.slice(1)}; this action is ignored.`,
        fix: "Keep one action for the header; separate several values by commas.",
      });
      return undefined;
    }
    seen.set(lower, field);
    return lower;
  };

  const values = (list: readonly HeaderValue[] | undefined, field: "set" | "add"): HeaderValue[] =>
    (list ?? []).flatMap(({ name, value }, index) => {
      const lower = claim(name, `/${field}/${index}`);
      return lower === undefined ? [] : [{ name: lower, value }];
    });

  const set = values(config.set, "set");
  const add = values(config.add, "add");
  const remove = (config.remove ?? []).flatMap((name, index) => claim(name, `/remove/${index}`) ?? []);
  return { kind: "headerModifier", on, set, add, remove };
}

/** Why a filter may not change a header (lower case): completes "The filter changes x, …". `undefined`: it may. */
export function whyRefused(name: string, on: "request" | "response"): string | undefined {
  if (name.startsWith(":")) return "a pseudo-header of HTTP/2";
  if (!token.test(name)) return "which is not a header name";
  if (connectionHeaders.includes(name)) return "which belongs to the connection, not to the message";
  if (name === "host" && on === "request") return "which selects the virtual host";
  return undefined;
}
