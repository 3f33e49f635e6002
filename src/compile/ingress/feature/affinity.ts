import type { Affinity } from "../../../ingress/feature/affinity.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import { type IssuedCookie, plainCookie } from "../../../ir/issued-cookie.ts";
import { trafficByTurns } from "../ingress-turns.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

/**
 * Clients come back by a hash of their cookie, whoever made it, or to the endpoint that it names. With a canary the cookie keeps
 * them on their side, too.
 */
export const serveAffinity: ServeFeature<LocationSettings["affinity"]> = (setting, { location }) => {
  if (setting === undefined) return nothingServed;
  const { mode, name, changeOnFailure } = setting;
  const issued = cookieOf(setting, location.path);
  const rule = location.canaries.length > 0 ? { backendCookie: name } : {};
  if (mode === "persistent") {
    const afterFailure = changeOnFailure ? "other" : "same";
    const sessionPersistence = { kind: "cookie", name, absoluteTimeoutMs: 0, issued, afterFailure } as const;
    return { ...nothingServed, rule, cluster: { traffic: { sessionPersistence } } };
  }
  const by = { kind: "cookie", name, issued } as const;
  const traffic = trafficByTurns({ by, afterFailure: changeOnFailure ? "move" : "same" });
  return { ...nothingServed, rule, cluster: { traffic } };
};

function cookieOf(setting: Affinity, locationPath: string): IssuedCookie {
  return {
    ...plainCookie,
    expiresSeconds: setting.expiresSeconds,
    maxAgeSeconds: setting.maxAgeSeconds,
    domain: setting.domain,
    path: setting.path || locationPath || "/",
    secure: setting.secure ? "always" : "onHttps",
    sameSite: setting.sameSite ?? "",
  };
}
