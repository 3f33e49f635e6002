/** The kinds of Kubernetes itself: only the fields that Sluice reads, and only the limits that it relies on. */
import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listOf } from "./list.ts";
import { portNumber, text } from "./text.ts";

const stringMap = z.record(z.string(), z.string());

/** Spec: core v1 Service. */
export const service = z.object({
  spec: z
    .object({
      type: z.enum(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]).default("ClusterIP"),
      clusterIP: z.exactOptional(z.string()),
      externalName: z.exactOptional(z.string()),
      selector: z.exactOptional(stringMap),
      ports: z.exactOptional(
        listOf(
          z.object({
            name: z.exactOptional(z.string()),
            port: portNumber,
            targetPort: z.exactOptional(z.union([portNumber, text({ min: 1, max: 63 })])),
            protocol: z.enum(["TCP", "UDP", "SCTP"]).default("TCP"),
            appProtocol: z.exactOptional(z.string()),
          }),
        ),
      ),
    })
    .default({ type: "ClusterIP" }),
});

/** Spec: discovery.k8s.io/v1 EndpointSlice. */
export const endpointSlice = z.object({
  addressType: z.enum(["IPv4", "IPv6", "FQDN"]),
  endpoints: listOf(
    z.object({
      addresses: listOf(z.string(), { min: 1, max: 100 }),
      conditions: z.exactOptional(
        z.object({
          ready: z.exactOptional(z.boolean()),
          serving: z.exactOptional(z.boolean()),
          terminating: z.exactOptional(z.boolean()),
        }),
      ),
      hostname: z.exactOptional(z.string()),
      nodeName: z.exactOptional(z.string()),
      zone: z.exactOptional(z.string()),
      targetRef: z.exactOptional(
        z.object({
          kind: z.exactOptional(z.string()),
          namespace: z.exactOptional(z.string()),
          name: z.exactOptional(z.string()),
        }),
      ),
    }),
    { max: 1000 },
  ).default([]),
  ports: listOf(
    z.object({
      name: z.string().default(""),
      port: z.exactOptional(portNumber),
      protocol: z.enum(["TCP", "UDP", "SCTP"]).default("TCP"),
      appProtocol: z.exactOptional(z.string()),
    }),
  ).default([]),
});

/** Spec: core v1 Secret. Values of `data` are base64; {@link foldStringData} moves `stringData` there. */
export const secret = z.object({
  type: z.string().default("Opaque"),
  data: stringMap.default({}),
  stringData: z.exactOptional(stringMap),
});

/** Spec: core v1 ConfigMap. Values of `binaryData` are base64. */
export const configMap = z.object({ data: stringMap.default({}), binaryData: stringMap.default({}) });

/** Spec: certificates.k8s.io ClusterTrustBundle. */
export const clusterTrustBundle = z.object({
  spec: z.object({ signerName: z.exactOptional(z.string()), trustBundle: z.string() }),
});

/** Spec: core v1 Namespace. Its labels are what selectors look at. */
export const namespace = z.object({});

/** Spec: apiextensions.k8s.io/v1 CustomResourceDefinition. Tells which version of the API a cluster has. */
export const customResourceDefinition = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string(), plural: z.exactOptional(z.string()) }),
    versions: z.exactOptional(
      listOf(z.object({ name: z.string(), served: z.boolean().default(true), storage: z.boolean().default(false) })),
    ),
  }),
});

/** The API server stores `stringData` inside `data`; so do we, so that readers look in one place. */
export function foldStringData(value: z.output<typeof secret>): Omit<z.output<typeof secret>, "stringData"> {
  const { stringData = {}, ...rest } = value;
  const folded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")]);
  return { ...rest, data: { ...rest.data, ...Object.fromEntries(folded) } };
}

export type ServiceFields = DeepReadonly<z.output<typeof service>>;
export type EndpointSliceFields = DeepReadonly<z.output<typeof endpointSlice>>;
export type SecretFields = DeepReadonly<Omit<z.output<typeof secret>, "stringData">>;
export type ConfigMapFields = DeepReadonly<z.output<typeof configMap>>;
export type ClusterTrustBundleFields = DeepReadonly<z.output<typeof clusterTrustBundle>>;
export type NamespaceFields = DeepReadonly<z.output<typeof namespace>>;
export type CustomResourceDefinitionFields = DeepReadonly<z.output<typeof customResourceDefinition>>;
