import type { LocationSettings } from "../../../ingress/features.ts";
import { type Filter, type HeaderValue, noHeaderChanges } from "../../../ir/filter.ts";
import type { HeaderTemplate } from "../../../ir/template.ts";
import { readNginxText } from "../nginx-text.ts";
import { nothingServed, type ServeFeature, type ServeScope, type StagedFilter } from "../serve-feature.ts";

type Setting = LocationSettings["headers"];

const plainHost = /^[A-Za-z0-9._-]+(:\d+)?$/;

export const serveHeaders: ServeFeature<Setting> = (setting, scope) => {
  if (setting.connection !== undefined) {
    scope.report("ingress-connection-header", "connection-proxy-header", {
      message: `Backends are not sent Connection: ${setting.connection}: the gateway's connections to them are its own affair.`,
      fix: "Remove the annotation.",
    });
  }
  const host = setting.host === undefined ? [] : hostFilters(setting.host, scope);
  const sent = templates(setting.request, "custom-headers", scope);
  return {
    ...nothingServed,
    filters: [
      ...host,
      ...(sent.length === 0
        ? []
        : [
            staged(scope, {
              kind: "headerMutation",
              request: { ...noHeaderChanges, set: sent },
              response: noHeaderChanges,
            }),
          ]),
      {
        stage: "requestHeaders",
        from: scope.at("custom-headers"),
        filter: { kind: "headerModifier", on: "request", set: [], add: [], remove: ["proxy"] },
      },
      {
        stage: "answer",
        from: scope.at("custom-headers"),
        filter: {
          kind: "headerModifier",
          on: "response",
          set: setting.answer.map(({ name, value }) => ({ name: name.toLowerCase(), value })),
          add: [],
          // What a backend calls itself is nobody's business.
          remove: setting.answer.some(({ name }) => name.toLowerCase() === "server") ? [] : ["server"],
        },
      },
    ],
  };
};

function staged(scope: ServeScope, filter: Filter): StagedFilter {
  return { stage: "requestHeaders", from: scope.at("custom-headers"), filter };
}

function hostFilters(text: string, scope: ServeScope): readonly StagedFilter[] {
  const from = scope.at("upstream-vhost");
  const written = withServiceNames(text, scope);
  if (plainHost.test(written)) {
    return [{ stage: "rewrite", from, filter: { kind: "urlRewrite", hostname: written } }];
  }
  const [host] = templates([{ name: "host", value: written }], "upstream-vhost", scope);
  if (host === undefined) return [];
  return [
    {
      stage: "rewrite",
      from,
      filter: { kind: "headerMutation", request: { ...noHeaderChanges, set: [host] }, response: noHeaderChanges },
    },
  ];
}

/** The text with what is the same for every request of a location filled in. */
function withServiceNames(text: string, { location: { owner, target } }: ServeScope): string {
  const backend = target.kind === "backend" ? target.backend : undefined;
  const values: Readonly<Record<string, string>> = {
    ingress_name: owner?.resource.metadata.name ?? "",
    namespace: owner?.resource.metadata.namespace ?? "",
    service_name: backend?.service ?? "",
    service_port:
      backend === undefined ? "" : "number" in backend.port ? String(backend.port.number) : backend.port.name,
  };
  return text.replace(
    /\$\{?(ingress_name|namespace|service_name|service_port)\b\}?/g,
    (_, name: string) => values[name]!,
  );
}

/** Headers whose values are known here; of others a finding says so. */
function templates(headers: readonly HeaderValue[], annotation: string, scope: ServeScope): readonly HeaderTemplate[] {
  return headers.flatMap(({ name, value }) => {
    const text = readNginxText(withServiceNames(value, scope), { serverName: scope.server.hostname });
    if (text.kind === "template") return [{ name: name.toLowerCase(), value: text.template }];
    scope.report("ingress-variable-unknown", annotation, {
      message: `${name} is to be ${JSON.stringify(value)}, and ${text.variable} is not known: backends do not get it.`,
      fix: "Write a value without that variable.",
    });
    return [];
  });
}
