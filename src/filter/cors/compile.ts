import type { FilterField, FilterScope } from "../../compile/route/filter-scope.ts";
import type { Filter } from "../../ir/filter.ts";

/** CORS as routes and policies have it; policies name any method. `maxAge` in seconds. */
type CorsSettings = Omit<FilterField<"cors">, "allowMethods"> & { readonly allowMethods?: readonly string[] };

/**
 * Compiles CORS. Origins become lower case and lose the port that their scheme implies, as browsers send them; `maxAge` is
 * 5 s unless written. Spec: HTTPCORSFilter.
 */
export function compileCors(
  config: CorsSettings,
  scope: Pick<FilterScope, "report">,
): Extract<Filter, { kind: "cors" }> {
  const allowOrigins = [...new Set((config.allowOrigins ?? []).map(normaliseOrigin))];
  const allowCredentials = config.allowCredentials ?? false;
  let exposeHeaders = config.exposeHeaders ?? [];
  if (allowOrigins.length === 0) {
    scope.report("cors-without-origins", "", {
      message: "The CORS filter lists no allowOrigins, so browsers refuse every cross-origin request.",
      fix: 'Add allowOrigins, for example `- https://app.example.com`, or `- "*"` for all.',
    });
  }
  if (allowCredentials && exposeHeaders.includes("*")) {
    exposeHeaders = exposeHeaders.filter((name) => name !== "*");
    scope.report("cors-expose-wildcard", "/exposeHeaders", {
      message: 'exposeHeaders has "*" while allowCredentials is true; it is not sent.',
      fix: "List the headers by name, or set allowCredentials to false.",
    });
  }
  return {
    kind: "cors",
    allowOrigins,
    allowCredentials,
    allowMethods: config.allowMethods ?? [],
    allowHeaders: config.allowHeaders ?? [],
    exposeHeaders,
    maxAgeSeconds: config.maxAge,
  };
}

function normaliseOrigin(origin: string): string {
  const lower = origin.toLowerCase();
  if (lower.startsWith("https://")) return lower.replace(/:443$/, "");
  return lower.replace(/:80$/, "");
}
