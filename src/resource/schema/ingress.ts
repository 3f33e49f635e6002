/** Ingress and IngressClass of networking.k8s.io/v1, as the API server of Kubernetes judges them. */
import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listOf } from "./list.ts";
import { type Report, rule } from "./rule.ts";
import { kindName, objectName, portNumber, quote, text } from "./text.ts";

/** Spec: IngressServiceBackend. */
const serviceBackend = z.object({
  name: text({
    min: 1,
    max: 63,
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    words: "the name of a Service: lower-case letters, digits and `-`",
  }),
  port: z
    .object({
      name: z.exactOptional(text({ min: 1, max: 63 })),
      number: z.exactOptional(portNumber),
    })
    .check(
      rule((port, report) => {
        if (port.name === undefined && port.number === undefined)
          report([], "is empty", "Add number, or name, of a port of the Service.");
        if (port.name !== undefined && port.number !== undefined)
          report(["name"], "is set beside number", "Keep one of the two.");
      }),
    ),
});

/** A Service, or an object of another kind, which only some controllers know. Spec: IngressBackend. */
const backend = z
  .object({
    service: z.exactOptional(serviceBackend),
    resource: z.exactOptional(z.object({ apiGroup: z.exactOptional(z.string()), kind: kindName, name: objectName })),
  })
  .check(
    rule((one, report) => {
      if (one.service === undefined && one.resource === undefined)
        report([], "names nothing", "Add service with name and port.");
      if (one.service !== undefined && one.resource !== undefined)
        report(["resource"], "is set beside service", "Keep one of the two.");
    }),
  );

/** What an exact or prefix path must not have in it, and what it must not end with. */
const forbiddenInPaths = ["//", "/./", "/../", "%2f", "%2F"] as const;
const forbiddenAtEnds = ["/..", "/."] as const;

type Path = { readonly path: string; readonly pathType: "Exact" | "Prefix" | "ImplementationSpecific" };

/** Spec: HTTPIngressPath. */
function judgePath({ path, pathType }: Path, report: Report): void {
  if (pathType === "ImplementationSpecific" ? path !== "" && !path.startsWith("/") : !path.startsWith("/")) {
    report(["path"], `must begin with "/", but it is ${quote(path)}`, `Write ${quote(`/${path}`)}.`);
    return;
  }
  if (pathType === "ImplementationSpecific") return;
  const inside = forbiddenInPaths.find((part) => path.includes(part));
  const end = forbiddenAtEnds.find((part) => path.endsWith(part));
  if (inside === undefined && end === undefined) return;
  report(
    ["path"],
    inside === undefined ? `must not end with "${end}"` : `must not have "${inside}" in it`,
    "Write the path as requests have it, or use `pathType: ImplementationSpecific`.",
  );
}

const httpPath = z
  .object({
    path: z.string().default(""),
    pathType: z.enum(["Exact", "Prefix", "ImplementationSpecific"]),
    backend,
  })
  .check(rule(judgePath));

const dnsName = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

const host = text({
  max: 253,
  pattern: new RegExp(`^$|^(\\*\\.)?${dnsName}$`),
  words: "a lower-case DNS name such as `shop.example.com`, or one wildcard in front as in `*.example.com`",
}).check(
  rule((value, report) => {
    if (/^\d+(\.\d+){3}$/.test(value)) report([], "is an IP address", "Write a DNS name, or remove the field.");
  }, "invalid"),
);

/** Spec: IngressSpec. */
export const ingressSpec = z
  .object({
    ingressClassName: z.exactOptional(
      text({ max: 253, pattern: new RegExp(`^${dnsName}$`), words: "the name of an IngressClass" }),
    ),
    defaultBackend: z.exactOptional(backend),
    tls: listOf(z.object({ hosts: listOf(host).default([]), secretName: z.exactOptional(z.string()) })).default([]),
    rules: listOf(
      z.object({
        host: host.default(""),
        http: z.exactOptional(z.object({ paths: listOf(httpPath, { min: 1 }) })),
      }),
    ).default([]),
  })
  .check(
    rule((spec, report) => {
      if (spec.defaultBackend === undefined && spec.rules.length === 0)
        report([], "has neither rules nor defaultBackend", "Add rules, or a defaultBackend.");
    }),
  );

/** Spec: IngressClassSpec. */
export const ingressClassSpec = z.object({
  controller: text({ max: 250 }).default(""),
  parameters: z.exactOptional(
    z.object({
      apiGroup: z.exactOptional(z.string()),
      kind: kindName,
      name: objectName,
      scope: z.enum(["Cluster", "Namespace"]).default("Cluster"),
      namespace: z.exactOptional(z.string()),
    }),
  ),
});

export type IngressSpec = DeepReadonly<z.output<typeof ingressSpec>>;
export type IngressClassSpec = DeepReadonly<z.output<typeof ingressClassSpec>>;
