import type { HttpsRedirect } from "../../../ingress/feature/https-redirect.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

export const convertHttpsRedirect: ConvertFeature<HttpsRedirect> = (setting, scope) => {
  const { withCertificate, always, status, tellsPort, relative, exemptPaths } = setting;
  const { location, server } = scope;
  const wanted = always || (withCertificate && server.certificate.kind !== "none");
  if (!wanted || exemptPaths.some((path) => location.path.startsWith(path))) return nothingConverted;
  if (tellsPort || relative) {
    scope.report("convert-differs", tellsPort ? "use-port-in-redirects" : "relative-redirects", {
      message: "Location of redirects is a whole URL, without the port that is usual for its scheme.",
      fix: "Nothing.",
    });
  }
  return { ...nothingConverted, toHttps: status };
};
