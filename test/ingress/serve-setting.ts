import type { OutsideHost } from "../../src/compile/backend/host-cluster.ts";
import type { ServedPart, ServeFeature, ServeScope } from "../../src/compile/ingress/serve-feature.ts";
import { type FindingName, makeFinding } from "../../src/finding/catalogue.ts";
import type { IngressFeature } from "../../src/ingress/feature.ts";
import type { ServiceBackend } from "../../src/ingress/ingress-model.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { readAnnotations } from "./read-annotations.ts";

/** What one feature serves for `/` of Ingress `shop/web`, whose backend is port 80 of Service `app`; with names of findings. */
export function serveSetting<Setting>(
  feature: IngressFeature<Setting>,
  serve: ServeFeature<Setting>,
  annotations: Readonly<Record<string, string>>,
  given: { readonly configMap?: Readonly<Record<string, string>>; readonly objects?: readonly Resource[] } = {},
): { readonly part: ServedPart; readonly findings: readonly string[] } {
  const { setting, findings: read } = readAnnotations(feature, annotations, given);
  const findings = read.map(({ name }) => name as string);
  const report = (name: FindingName, _annotation: string, text: { readonly message: string; readonly fix: string }) => {
    const object = { kind: "Ingress", group: "networking.k8s.io", namespace: "shop", name: "web" };
    findings.push(makeFinding(name, { object, ...text }).name);
  };
  const from = { kind: "Ingress", namespace: "shop", name: "web", pointer: "" };
  const backend: ServiceBackend = { namespace: "shop", service: "app", port: { number: 80 }, from };
  const scope = {
    context: { snapshot: createSnapshot(given.objects ?? []) },
    controller: { configMap: undefined, value: (key: string) => given.configMap?.[key] },
    server: { hostname: "shop.test" },
    location: {
      path: "/",
      owner: { resource: { metadata: { namespace: "shop", name: "web" } } },
      target: { kind: "backend", backend },
    },
    at: (annotation: string) => ({ ...from, pointer: annotation }),
    serviceCluster: ({ namespace, service, port }: ServiceBackend) =>
      `${namespace}/${service}:${"number" in port ? port.number : port.name}`,
    hostCluster: ({ scheme, hostname, port }: OutsideHost) => `${scheme}://${hostname}:${port}`,
    report,
    deny: report,
  } as unknown as ServeScope;
  return { part: serve(setting, scope), findings };
}
