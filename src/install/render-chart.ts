/** The template of the installation in Helm's language: the files of the chart. */
import type { JsonObject } from "../resource/json.ts";
import { renderValues, valuesSchema } from "./chart-values.ts";
import { oldestMinor } from "./kubernetes-version.ts";
import { installParts, ownDefinitions } from "./manifests.ts";
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
