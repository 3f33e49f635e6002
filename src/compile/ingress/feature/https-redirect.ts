import type { LocationSettings } from "../../../ingress/features.ts";
import { askedBy } from "../asked-scheme.ts";
import { redirectRow } from "../redirect-row.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

/** http is redirected for each path by what its own Ingress says, and by whether the host has a certificate from whichever. */
export const serveHttpsRedirect: ServeFeature<LocationSettings["httpsRedirect"]> = (setting, scope) => {
  const { server, location, ports, controller, at } = scope;
  const wanted = setting.always || (setting.withCertificate && server.certificate.kind !== "none");
  if (!wanted || setting.exemptPaths.some((path) => location.path.startsWith(path))) return nothingServed;
  const port = setting.tellsPort || ports.https !== 443 ? `:${ports.https}` : "";
  const target = { from: setting.keepsSlash ? "spelledTarget" : "unslashedTarget" } as const;
  return {
    ...nothingServed,
    filters: [
      {
        stage: "httpsRedirect",
        from: at(setting.always ? "force-ssl-redirect" : "ssl-redirect"),
        filter: {
          kind: "conditionalAnswer",
          rows: askedBy("http", controller).map(({ when, host }) => {
            const location = ["https://", ...host, ...(port === "" ? [] : [port]), target];
            return redirectRow({ when, status: setting.status, location });
          }),
        },
      },
    ],
  };
};
