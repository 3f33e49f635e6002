import type { WwwRedirect } from "../../../ingress/feature/www-redirect.ts";
import { type ConvertServerFeature, nothingConvertedOfServer } from "../convert-feature.ts";

export const convertWwwRedirect: ConvertServerFeature<WwwRedirect> = (wanted, { server, servers }) => {
  const { hostname } = server;
  if (!wanted || hostname === "" || hostname.startsWith("*.")) return nothingConvertedOfServer;
  const other = hostname.startsWith("www.") ? hostname.slice(4) : `www.${hostname}`;
  if (servers.some((each) => each.hostname === other || each.aliases.includes(other))) return nothingConvertedOfServer;
  const statusCode = server.locations[0]?.settings.httpsRedirect.status ?? 308;
  const filters = [{ type: "RequestRedirect", requestRedirect: { hostname, statusCode } }];
  return { ...nothingConvertedOfServer, hosts: [{ hostname: other, filters }] };
};
