/** YAML of Ingresses and what they name, for tests. */

/** `host path type service`, such as `shop.test /app Prefix web`; the host `-` is none. */
export type PathText = string;

/** An Ingress of namespace `default` and class `nginx` with a rule for each path. Annotations without their prefix. */
export function ingressText(
  name: string,
  paths: readonly PathText[],
  more: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly spec?: Readonly<Record<string, unknown>>;
    readonly namespace?: string;
    readonly created?: string;
  } = {},
): string {
  const annotations = Object.fromEntries(
    Object.entries(more.annotations ?? {}).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
  );
  const rules = paths.map((text) => {
    const [host = "", path = "", pathType = "", service = ""] = text.split(" ");
    const backend = { service: { name: service, port: { number: 80 } } };
    return { ...(host === "-" ? {} : { host }), http: { paths: [{ path, pathType, backend }] } };
  });
  return JSON.stringify({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace: more.namespace ?? "default",
      annotations,
      ...(more.created === undefined ? {} : { creationTimestamp: more.created }),
    },
    spec: { ingressClassName: "nginx", ...(rules.length === 0 ? {} : { rules }), ...more.spec },
  });
}
