import type { MirrorSetting } from "../../../ingress/feature/mirror.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";
import { urlTarget } from "../url-backend.ts";
import { gatewayApi } from "../workspace.ts";

export const convertMirror: ConvertFeature<MirrorSetting> = ({ target }, scope) => {
  if (target === undefined) return nothingConverted;
  const text = `${target.scheme}://${target.host}:${target.port}/`;
  const found = urlTarget(text, "mirror-target", { group: gatewayApi, kind: "HTTPRoute" }, scope);
  if (found === undefined) {
    scope.report("convert-lost", "mirror-target", {
      message: `mirror-target ${text} is not converted: the Gateway API mirrors to Services.`,
      fix: "Use --policies sluice, or make it a Service.",
    });
    return nothingConverted;
  }
  if (target.path !== "$request_uri" || !target.content || target.hostHeader !== target.host) {
    scope.report("convert-differs", "mirror-target", {
      message:
        "Copies are the requests as they are, with their path, Host and content; what mirror-target, mirror-host and mirror-request-body change of them is not converted.",
      fix: "Nothing, unless the service that gets them looks at these.",
    });
  }
  return { ...nothingConverted, filters: [{ type: "RequestMirror", requestMirror: { backendRef: found.backendRef } }] };
};
