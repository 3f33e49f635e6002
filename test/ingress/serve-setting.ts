import type { ServedPart, ServeFeature } from "../../src/compile/ingress/serve-feature.ts";
import type { IngressFeature } from "../../src/ingress/feature.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { readAnnotations } from "./read-annotations.ts";
import { serveScope } from "./serve-scope.ts";

/** What one feature serves for `/` of Ingress `shop/web`, whose backend is port 80 of Service `app`; with names of findings. */
export function serveSetting<Setting>(
  feature: IngressFeature<Setting>,
  serve: ServeFeature<Setting>,
  annotations: Readonly<Record<string, string>>,
  given: { readonly configMap?: Readonly<Record<string, string>>; readonly objects?: readonly Resource[] } = {},
): { readonly part: ServedPart; readonly findings: readonly string[] } {
  const { setting, findings: read } = readAnnotations(feature, annotations, given);
  const { objects = [], configMap = {} } = given;
  const { scope, findings } = serveScope({ objects, configMap, path: "/", settings: undefined });
  const part = serve(setting, scope);
  return { part, findings: [...read, ...findings].map(({ name }) => name) };
}
