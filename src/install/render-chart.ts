/** The template of the installation in Helm's language: the files of the chart. */

import { installationAnnotation } from "../resource/installation-annotation.ts";
import type { JsonObject } from "../resource/json.ts";
import { kinds } from "../resource/kinds.ts";
import { renderValues, valuesSchema } from "./chart-values.ts";
import { oldestMinor } from "./kubernetes-version.ts";
import { installParts, ownDefinitions } from "./manifests.ts";
import { controllerName } from "./names.ts";
import { installOptionRows } from "./options.ts";
import { expressionOf, renderTest, renderYaml } from "./render-yaml.ts";
import { isHole, type Node } from "./template.ts";

export type ChartFile = { readonly path: string; readonly content: string };

const written = "# Written by `npm run manifests` from src/install/; change it there.\n";

/** Every file of the chart. */
export function chartFiles(version: string): readonly ChartFile[] {
  const rows = installOptionRows(version);
  return [
    { path: "Chart.yaml", content: written + renderYaml(chartMetadata(version)) },
    { path: "values.yaml", content: written + renderValues(rows) },
    { path: "values.schema.json", content: `${JSON.stringify(valuesSchema(rows), undefined, 2)}\n` },
    { path: "templates/NOTES.txt", content: notes },
    { path: "templates/preflight.yaml", content: preflight },
    ...installParts(version).map(({ name, documents }) => ({
      path: `templates/${name}.yaml`,
      content: documents.map(renderDocument).join(""),
    })),
    ...ownDefinitions().map((definition) => ({
      path: `crds/${(definition["metadata"] as JsonObject)["name"]}.yaml`,
      content: written + renderYaml(definition as Node),
    })),
  ];
}

function chartMetadata(version: string): Node {
  return {
    apiVersion: "v2",
    name: "sluice",
    description: "A Kubernetes Gateway API implementation",
    type: "application",
    version,
    appVersion: version,
    kubeVersion: `>=1.${oldestMinor}.0-0`,
    keywords: ["gateway-api", "ingress", "reverse-proxy"],
  };
}

/**
 * What `sluice install` looks at before it changes anything, as far as Helm does not do it itself: Helm leaves objects alone that
 * are not of the release. `lookup` finds nothing when there is no cluster, as with `helm template`.
 */
const preflight = `{{- /* ${written.slice(2).trim()} */ -}}
{{- if .Capabilities.APIVersions.Has "${kinds.GatewayClass.group}/${kinds.GatewayClass.version}/GatewayClass" }}
{{- $classes := (lookup "${kinds.GatewayClass.group}/${kinds.GatewayClass.version}" "GatewayClass" "" "").items | default list }}
{{- range $class := $classes }}
{{- if and $.Values.gatewayClass.create (eq $class.metadata.name $.Values.gatewayClass.name) }}
{{- if $class.metadata.deletionTimestamp }}
{{- fail (printf "GatewayClass %s is being deleted, and stays until no Gateway uses it. Delete its Gateways, or set gatewayClass.name to another name." $class.metadata.name) }}
{{- end }}
{{- if ne $class.spec.controllerName $.Values.controllerName }}
{{- fail (printf "GatewayClass %s has the controllerName %s, which cannot be changed. Set gatewayClass.name to another name." $class.metadata.name $class.spec.controllerName) }}
{{- end }}
{{- end }}
{{- $owner := index ($class.metadata.annotations | default dict) "${installationAnnotation}" | default "" }}
{{- if and (eq $class.spec.controllerName $.Values.controllerName) (ne $owner "") (ne $owner $.Release.Namespace) }}
{{- if lookup "apps/v1" "Deployment" $owner "${controllerName}" }}
{{- fail (printf "The Sluice in namespace %s has the controllerName %s too, and only one can serve it. Set controllerName and gatewayClass.name to others." $owner $.Values.controllerName) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
`;

const notes = `Sluice {{ .Chart.AppVersion }} is installed in {{ .Release.Namespace }}.

It serves the Gateway API, whose definitions it does not bring. To see whether they are there:
  kubectl get crd gateways.gateway.networking.k8s.io
{{- if .Values.gatewayClass.create }}

Write Gateways with
  gatewayClassName: {{ .Values.gatewayClass.name }}
{{- end }}
`;

/** A document, with the line that tells it from the one before; blocks around it only when it is conditional. */
function renderDocument(node: Node): string {
  if (isHole(node) && node.hole === "when" && node.otherwise === undefined)
    return `{{- if ${renderTest(node.test)} }}\n${renderDocument(node.then)}{{- end }}\n`;
  if (isHole(node) && node.hole === "each")
    return `{{- range $item := ${expressionOf(node.option)} }}\n${renderDocument(node.node)}{{- end }}\n`;
  return `---\n${renderYaml(node)}`;
}
