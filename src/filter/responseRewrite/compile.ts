import type { HttpRouteFilterSpec } from "../../compile/route/filter-scope.ts";
import type { Filter } from "../../ir/filter.ts";

/** Compiles `HTTPRouteFilter.spec.responseRewrite`. Domains are compared in lower case and without a leading dot. */
export function compileResponseRewrite({
  location = [],
  cookieDomain = [],
  cookiePath = [],
}: NonNullable<HttpRouteFilterSpec["responseRewrite"]>): Filter {
  const domain = (text: string) => text.replace(/^\./, "").toLowerCase();
  return {
    kind: "responseRewrite",
    manner: "parts",
    location,
    cookieDomain: cookieDomain.map(({ from, to }) => ({ from: domain(from), to })),
    cookiePath,
  };
}
