import { z } from "zod";
import { addressFamily } from "../../base/cidr.ts";
import type { DeepReadonly } from "../deep-readonly.ts";
import { labelSelector } from "./label-selector.ts";
import { listOf, mapBy } from "./list.ts";
import { gatewayListeners } from "./listener.ts";
import { infrastructureAnnotations, infrastructureLabels } from "./map.ts";
import { localObjectReference, objectReference, secretObjectReference } from "./object-reference.ts";
import { repeated, rule } from "./rule.ts";
import { hostname, objectName, portNumber, quote, text } from "./text.ts";

const routability = text({ max: 253 }).check(
  rule((value, report) => {
    const [prefix = "", ...path] = value.split("/");
    const reserved = prefix === "k8s.io" || prefix.endsWith(".k8s.io");
    const prefixed = path.length > 0 && path.at(-1) !== "" && isDnsSubdomain(prefix) && !reserved;
    if (value !== "" && value !== "Cluster" && !prefixed) {
      report(
        [],
        `must be "Cluster" or a prefixed name such as \`example.com/private\`, but it is ${quote(value)}`,
        "Write `Cluster`, or remove routability.",
      );
    }
  }),
);

function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}

/** Spec: GatewaySpecAddress. */
const address = z
  .object({
    type: text({
      min: 1,
      max: 253,
      pattern:
        /^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/,
      words: "IPAddress, Hostname, NamedAddress, or a prefixed name such as `example.com/pool`",
    }).default("IPAddress"),
    value: z.exactOptional(text({ max: 253 })),
    routability: z.exactOptional(routability),
  })
  .check(
    rule(({ type, value }, report) => {
      if (type === "IPAddress" && value !== undefined && addressFamily(value) === undefined) {
        report(
          ["value"],
          `must be an IP address, but it is ${quote(value)}`,
          "Write an IP address, or `type: Hostname` for a name.",
        );
      }
      if (type === "Hostname" && value !== undefined && !hostname.safeParse(value).success) {
        report(
          ["value"],
          `must be a lower-case DNS name, but it is ${quote(value)}`,
          "Write a name such as `gateway.example.com`.",
        );
      }
    }),
  );

const addresses = listOf(address, { max: 16 }).check(
  rule((list, report) => {
    const named = list
      .map((entry, index) => ({ ...entry, index }))
      .filter((entry) => entry.value !== undefined && (entry.type === "IPAddress" || entry.type === "Hostname"));
    for (const { index, first } of repeated(named, (entry) => `${entry.type} ${entry.value}`)) {
      report(
        [named[index]?.index ?? 0],
        `repeats the address at index ${named[first]?.index}`,
        "Remove one of the two.",
      );
    }
  }),
);

/** Spec: FrontendTLSValidation. */
const frontendTls = z.object({
  validation: z.exactOptional(
    z.object({
      caCertificateRefs: listOf(objectReference, { min: 1, max: 16 }).check(
        rule((refs, report) => {
          refs.forEach((ref, index) => {
            if (
              ref.group === "certificates.k8s.io" &&
              ref.kind === "ClusterTrustBundle" &&
              ref.namespace !== undefined
            ) {
              report([index, "namespace"], "is set, but a ClusterTrustBundle has no namespace", "Remove namespace.");
            }
          });
        }),
      ),
      mode: z.enum(["AllowValidOnly", "AllowInsecureFallback"]).default("AllowValidOnly"),
    }),
  ),
});

/** Spec: GatewayTLSConfig. */
const gatewayTls = z.object({
  backend: z.exactOptional(z.object({ clientCertificateRef: z.exactOptional(secretObjectReference) })),
  frontend: z.exactOptional(
    z.object({
      default: frontendTls,
      perPort: z.exactOptional(mapBy(z.object({ port: portNumber, tls: frontendTls }), ["port"], { max: 64 })),
    }),
  ),
});

/** Spec: GatewaySpec. */
export const gatewaySpec = z.object({
  gatewayClassName: objectName,
  listeners: gatewayListeners,
  addresses: z.exactOptional(addresses),
  infrastructure: z.exactOptional(
    z.object({
      labels: z.exactOptional(infrastructureLabels),
      annotations: z.exactOptional(infrastructureAnnotations),
      parametersRef: z.exactOptional(localObjectReference),
    }),
  ),
  allowedListeners: z.exactOptional(
    z.object({
      namespaces: z
        .object({
          from: z.enum(["All", "Selector", "Same", "None"]).default("None"),
          selector: z.exactOptional(labelSelector),
        })
        .default({ from: "None" }),
    }),
  ),
  tls: z.exactOptional(gatewayTls),
  defaultScope: z.exactOptional(z.enum(["All", "None"])),
});

export type GatewaySpec = DeepReadonly<z.output<typeof gatewaySpec>>;
