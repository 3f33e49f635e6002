import { defaultIngressOptions, type IngressOptions } from "../ingress/ingress-options.ts";
import { annotationPrefix } from "../ingress/read-feature.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { FlagValues } from "./flags.ts";

/** `IngressClass.spec.controller` of ingress-nginx. */
const ingressNginx = "k8s.io/ingress-nginx";

/**
 * Which Ingresses are to move, and by whose configuration they are read. Without `--ingress-class` those of ingress-nginx, and those of
 * no class; manifests without IngressClasses tell them by their annotations or by the class's name.
 */
export function migratedIngresses(
  flags: Pick<FlagValues, "ingressClass" | "ingressConfig" | "ingressArgument">,
  snapshot: Snapshot,
): IngressOptions {
  const configMap = flags.ingressConfig ?? defaultIngressOptions.configMap;
  const known = snapshot.get("ConfigMap", configMap.namespace, configMap.name) !== undefined;
  return {
    ...defaultIngressOptions,
    classes: flags.ingressClass.length > 0 ? flags.ingressClass : classesOf(snapshot),
    controllerName: ingressNginx,
    withoutClass: true,
    configMap,
    // Without its configuration the controller is taken to have allowed what Ingresses say.
    arguments: [
      ...(known
        ? []
        : ["--allow-snippet-annotations", "--annotations-risk-level=Critical", "--enable-ssl-passthrough"]),
      ...flags.ingressArgument,
    ],
  };
}

function classesOf(snapshot: Snapshot): readonly string[] {
  const classes = snapshot.list("IngressClass");
  if (classes.length > 0)
    return classes.filter(({ spec }) => spec.controller === ingressNginx).map(({ metadata }) => metadata.name);
  const names = snapshot.list("Ingress").flatMap(({ metadata, spec }) => {
    const name = metadata.annotations["kubernetes.io/ingress.class"] ?? spec.ingressClassName ?? "";
    const isTheirs =
      name.includes("nginx") || Object.keys(metadata.annotations).some((key) => key.startsWith(annotationPrefix));
    return name !== "" && isTheirs ? [name] : [];
  });
  return [...new Set(["nginx", ...names])].sort();
}
