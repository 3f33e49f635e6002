import type { Resource } from "../../src/resource/kinds.ts";

/** A Secret of the namespace `shop` with these keys, for tests. */
export function storedSecret(name: string, data: Readonly<Record<string, string>>): Resource<"Secret"> {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: "shop", name, labels: {}, annotations: {}, generation: 1 },
    type: "Opaque",
    data: Object.fromEntries(encoded),
  };
}

/** A ConfigMap of the namespace `shop` with these keys, for tests. */
export function storedConfigMap(name: string, data: Readonly<Record<string, string>>): Resource<"ConfigMap"> {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace: "shop", name, labels: {}, annotations: {}, generation: 1 },
    data,
    binaryData: {},
  };
}
