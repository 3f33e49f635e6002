import type { Finding } from "../../finding/finding.ts";
import { defaultIngressOptions, type IngressOptions } from "../../ingress/ingress-options.ts";
import { readIngresses } from "../../ingress/read-ingresses.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { assumeSecrets } from "../convert/assumed-objects.ts";
import type { ControllerSettings } from "./controller-settings.ts";

/** What a controller that nobody shows is taken to have allowed: what Ingresses say then counts. */
const permissive = ["--allow-snippet-annotations", "--annotations-risk-level=Critical", "--enable-ssl-passthrough"];

/**
 * What serving the Ingresses of ingress-nginx finds, by `namespace/name`: values that it cannot take, paths that are refused, Ingresses
 * that the controller leaves out. `classes`: the names of its classes.
 */
export function ingressProblems(
  snapshot: Snapshot,
  classes: readonly string[],
  { configMap, flags }: Pick<ControllerSettings, "configMap" | "flags">,
): ReadonlyMap<string, readonly Finding[]> {
  const options: IngressOptions = {
    ...defaultIngressOptions,
    classes,
    controllerName: "k8s.io/ingress-nginx",
    withoutClass: true,
    configMap: configMap ?? defaultIngressOptions.configMap,
    arguments: flags.length > 0 || configMap !== undefined ? flags : permissive,
  };
  const { findings, ingresses } = readIngresses(assumeSecrets(snapshot), options);
  const dropped = ingresses.flatMap((each) => (each.dropped === undefined ? [] : [each.dropped]));
  const all = [...new Set([...findings, ...dropped])].filter(({ object }) => object.kind === "Ingress");
  return Map.groupBy(all, ({ object }) => `${object.namespace ?? "default"}/${object.name}`);
}
