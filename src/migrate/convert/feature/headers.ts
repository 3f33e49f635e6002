import type { HeadersSetting } from "../../../ingress/feature/headers.ts";
import { type ConvertedPart, type ConvertFeature, joinParts, nothingConverted } from "../convert-feature.ts";

/** Spec: HTTPHeaderFilter. */
const mostHeaders = 16;

export const convertHeaders: ConvertFeature<HeadersSetting> = ({ answer, connection, host }, scope) => {
  if (connection !== undefined) {
    scope.report("convert-differs", "connection-proxy-header", {
      message: `Connection: ${connection} is not converted: it is about the connection, which the gateway manages.`,
      fix: "Nothing.",
    });
  }
  const rewrite = host === undefined ? nothingConverted : rewriteHost(host);
  if (rewrite === undefined) {
    scope.report("convert-lost", "upstream-vhost", {
      message: `upstream-vhost ${JSON.stringify(host)} is not converted: backends get the client's Host. Only a fixed name, or $http_NAME, can be said.`,
      fix: "Write a fixed name.",
    });
  }
  const set = answer.map(({ name, value }) => ({ name, value }));
  const [first, others] = [set.slice(0, mostHeaders), set.slice(mostHeaders)];
  return joinParts([
    rewrite ?? nothingConverted,
    {
      ...nothingConverted,
      filters: first.length === 0 ? [] : [{ type: "ResponseHeaderModifier", responseHeaderModifier: { set: first } }],
      routeFilter: others.length === 0 ? {} : { headerMutation: { response: { set: others } } },
    },
  ]);
};

function rewriteHost(host: string): ConvertedPart | undefined {
  if (host === "$host" || host === "$http_host") return nothingConverted;
  const [, header] = /^\$\{?http_([a-z0-9_]+)\}?$/i.exec(host) ?? [];
  if (header !== undefined) {
    const hostname = { type: "Header", header: header.replaceAll("_", "-") };
    return { ...nothingConverted, routeFilter: { urlRewrite: { hostname } } };
  }
  if (!/^[a-z0-9.-]+$/i.test(host)) return undefined;
  return { ...nothingConverted, filters: [{ type: "URLRewrite", urlRewrite: { hostname: host.toLowerCase() } }] };
}
