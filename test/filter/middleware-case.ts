/** Middlewares of Traefik's, compiled in a route that refers to one. */
import { compile } from "../../src/compile/compile.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { cartWorld } from "../cart-world.ts";
import { brief, defaultOptions, resourcesOf } from "../compile-case.ts";

const filters = "[{ type: ExtensionRef, extensionRef: { group: traefik.io, kind: Middleware, name: it } }]";

/** What the Middleware `it` of this spec (YAML) comes to; `others`: further objects. */
export function compileMiddlewareCase(
  spec: string,
  ...others: readonly string[]
): { readonly filters: readonly Filter[]; readonly findings: readonly string[] } {
  const middleware = `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: it, namespace: shop }
spec: ${spec}`;
  const result = compile(createSnapshot(resourcesOf(cartWorld([middleware, ...others], filters))), defaultOptions);
  const rule = Object.values(result.routing.gateways[0]?.httpRules ?? {})[0];
  return {
    filters: (rule?.filters ?? []).map(({ filter }) => filter),
    findings: brief(result.findings.filter(({ object }) => object.kind !== "Service")),
  };
}
