import { acceptedText, withoutSpaces } from "../accepted-text.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";

export type FastcgiSetting = {
  /** Name that a path with a slash at its end is completed with; `""`: none. */
  readonly index: string;
  /** Parameters of requests to FastCGI backends. */
  readonly parameters: Readonly<Record<string, string>>;
};

const because = "Sluice does not speak FastCGI: the backend protocol FCGI is refused.";
const basic = /^[-._~a-zA-Z0-9/:]*$/;
const indexName = withoutSpaces(basic, "the name of a file");
const configMapName = withoutSpaces(basic, "the name of a ConfigMap");

/** They count for backends that speak FastCGI, which are refused as such. */
export const fastcgi: IngressFeature<FastcgiSetting> = {
  annotations: [
    {
      name: "fastcgi-index",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "File name that is put behind a path with a slash at its end.",
      otherwise: "",
      handling: { kind: "refused", because, closed: false },
    },
    {
      name: "fastcgi-params-configmap",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "ConfigMap with parameters of requests to FastCGI backends.",
      otherwise: "",
      handling: { kind: "refused", because, closed: false },
    },
  ],
  read: (source) => ({
    index: acceptedText(source, "fastcgi-index", indexName) ?? "",
    parameters: parametersOf(source),
  }),
};

/** A ConfigMap that cannot be had is answered with 503 by ingress-nginx, whatever the backend speaks. */
function parametersOf(source: AnnotationSource): Readonly<Record<string, string>> {
  const written = acceptedText(source, "fastcgi-params-configmap", configMapName);
  if (written === undefined) return {};
  const own = source.ingress.metadata.namespace ?? "";
  const [first = "", second, ...more] = written.split("/");
  const [namespace, name] = second === undefined ? [own, first] : [first, second];
  const foreign = namespace !== own && source.controller.value("allow-cross-namespace-resources") !== "true";
  const configMap = foreign || more.length > 0 ? undefined : source.snapshot.get("ConfigMap", namespace, name);
  if (configMap !== undefined) return configMap.data;
  source.deny("ingress-fastcgi-parameters-missing", "fastcgi-params-configmap", {
    message: `fastcgi-params-configmap names ConfigMap ${written}, which ${foreign ? "is in another namespace" : "does not exist"}: all paths answer 503, as ingress-nginx does.`,
    fix: `Create the ConfigMap in namespace ${own}, or remove the annotation.`,
  });
  return {};
}
