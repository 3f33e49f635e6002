import type { ErrorPagesSetting } from "../../../ingress/feature/error-pages.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

export const convertErrorPages: ConvertFeature<ErrorPagesSetting> = ({ statuses, ofBackends, backend, own }, scope) => {
  if (backend !== undefined) {
    scope.report("convert-differs", "default-backend", {
      message: `Service ${backend.service} does not answer when the backend has no endpoints: clients get 503${statuses.length === 0 ? "" : ", or its page for that"}.`,
      fix: "Nothing, if 503 will do. Otherwise add 503 to custom-http-errors.",
    });
  }
  if (statuses.length === 0) return nothingConverted;
  if (backend === undefined) {
    if (own) {
      scope.report("convert-lost", "custom-http-errors", {
        message:
          "custom-http-errors is not converted: its pages come from the controller's default backend, which a route cannot name.",
        fix: "Name the Service of the pages with default-backend.",
      });
    }
    return nothingConverted;
  }
  if (scope.policies === "envoy-gateway") {
    scope.report("convert-lost", "custom-http-errors", {
      message: `custom-http-errors is not converted: no Service answers instead of ${statuses.join(", ")} with Envoy Gateway, only fixed content.`,
      fix: "Use --policies sluice, or put the pages into responseOverride of a BackendTrafficPolicy.",
    });
    return nothingConverted;
  }
  const statusCodes = statuses.map((value) => ({ type: "Value", value }));
  const errorPage = { backendRef: { name: backend.service, port: backend.port } };
  return {
    ...nothingConverted,
    trafficPolicy: {
      responseOverride: [{ match: { statusCodes }, ...(ofBackends ? {} : { source: "Local" }), errorPage }],
    },
  };
};
