import { httpsRedirectStatus } from "../../../ingress/feature/https-redirect.ts";
import type { ServerSettings } from "../../../ingress/features.ts";
import { askedBy } from "../asked-scheme.ts";
import { redirectRow } from "../redirect-row.ts";
import { nothingServedOfServer, type ServeServerFeature } from "../serve-feature.ts";

/** The other of the two names redirects to the host by the same scheme, with its port, unless an Ingress has that name. */
export const serveWwwRedirect: ServeServerFeature<ServerSettings["wwwRedirect"]> = (wanted, scope) => {
  const { server, servers, ports, controller, at } = scope;
  const { hostname } = server;
  if (!wanted || hostname === "" || hostname.startsWith("*")) return nothingServedOfServer;
  const other = hostname.startsWith("www.") ? hostname.slice("www.".length) : `www.${hostname}`;
  if (servers.some((one) => one.hostname === other || one.aliases.includes(other))) return nothingServedOfServer;
  const status = httpsRedirectStatus(controller);
  const rows = (["http", "https"] as const).flatMap((scheme) =>
    askedBy(scheme, controller).map(({ when }) =>
      redirectRow({
        when,
        status,
        location: [`${scheme}://${hostname}:${ports[scheme]}`, { from: "unslashedTarget" }],
      }),
    ),
  );
  return {
    ...nothingServedOfServer,
    hosts: [
      {
        hostname: other,
        key: "www-redirect",
        filters: [{ from: at("from-to-www-redirect"), filter: { kind: "conditionalAnswer", rows } }],
      },
    ],
  };
};
