import type { FixedRedirect } from "../../../ingress/feature/fixed-redirect.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

/** Spec: HTTPRequestRedirectFilter.statusCode. */
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

export const convertFixedRedirect: ConvertFeature<FixedRedirect> = (setting, scope) => {
  if (setting === undefined) return nothingConverted;
  const { url, status, annotation } = setting;
  const [, scheme, hostname, port, path = "", query] =
    /^(https?):\/\/([A-Za-z0-9.-]+)(?::(\d+))?(\/[^?#]*)?(\?.*)?$/.exec(url) ?? [];
  if (scheme !== undefined && hostname !== undefined && query === undefined && redirectStatuses.has(status)) {
    scope.report("convert-differs", annotation, {
      message: `${url} gets the query that a client came with; ingress-nginx drops it.`,
      fix: "Nothing, unless the page there reads a query.",
    });
    const requestRedirect = {
      scheme,
      hostname: hostname.toLowerCase(),
      ...(port === undefined ? {} : { port: Number(port) }),
      path: { type: "ReplaceFullPath", replaceFullPath: path || "/" },
      statusCode: status,
    };
    return { ...nothingConverted, answers: true, filters: [{ type: "RequestRedirect", requestRedirect }] };
  }
  if (scope.policies !== "none") {
    const directResponse = {
      statusCode: status,
      header: { set: [{ name: "Location", value: url.replaceAll("%", "%%") }] },
    };
    return { ...nothingConverted, answers: true, routeFilter: { directResponse } };
  }
  scope.deny("convert-needs-policies", annotation, {
    message: `${annotation} to ${url} with status ${status} cannot be said by a redirect of the Gateway API; the rule answers an error.`,
    fix: "Use --policies sluice.",
  });
  return nothingConverted;
};
