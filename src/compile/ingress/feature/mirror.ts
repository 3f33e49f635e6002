import type { LocationSettings } from "../../../ingress/features.ts";
import { readNginxText } from "../nginx-text.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

export const serveMirror: ServeFeature<LocationSettings["mirror"]> = ({ target }, scope) => {
  if (target === undefined) return nothingServed;
  const { scheme, host, port, path, hostHeader, content } = target;
  const serverName = scope.server.hostname;
  const [asked, header] = [path, hostHeader].map((text) => readNginxText(text, { serverName }));
  const unknown = [asked, header].find((text) => text?.kind === "unknown");
  if (unknown?.kind === "unknown" || asked?.kind !== "template" || header?.kind !== "template") {
    const variable = unknown?.kind === "unknown" ? unknown.variable : "";
    scope.report("ingress-mirror-not-served", "mirror-target", {
      message: `mirror-target or mirror-host has the variable ${variable}, which is not known: nothing is mirrored.`,
      fix: "Write the text without it.",
    });
    return nothingServed;
  }
  const from = scope.at("mirror-target");
  return {
    ...nothingServed,
    filters: [
      {
        stage: "mirror",
        from,
        filter: {
          kind: "requestMirror",
          cluster: scope.hostCluster({ scheme, hostname: host.toLowerCase(), port }, from, {}),
          fraction: { numerator: 1, denominator: 1 },
          as: {
            host: header.template,
            target: asked.template.length === 0 ? undefined : asked.template,
            content,
          },
        },
      },
    ],
  };
};
