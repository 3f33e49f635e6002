import type { Affinity } from "../../../ingress/feature/affinity.ts";
import { annotationPrefix } from "../../../ingress/read-feature.ts";
import { type ConvertedPart, type ConvertFeature, type ConvertScope, nothingConverted } from "../convert-feature.ts";
import { durationOf } from "../duration.ts";

/** With policies, a cookie by whose value endpoints are chosen; without, the sessions of the Gateway API, whose cookies have no attributes. */
export const convertAffinity: ConvertFeature<Affinity | undefined> = (setting, scope) => {
  if (setting === undefined) return nothingConverted;
  const { name, maxAgeSeconds, expiresSeconds, domain, sameSite, secure } = setting;
  const seconds = Math.max(0, maxAgeSeconds ?? expiresSeconds ?? 0);
  scope.report("convert-differs", "affinity", {
    message:
      "The endpoint follows from the cookie, whose values are others than those of ingress-nginx: clients begin anew, few move when endpoints come or go, and a client whose endpoint fails goes to another. Canaries are chosen for each request.",
    fix: "Nothing, unless the backends cannot take sessions of others.",
  });
  if (scope.policies === "none") return nativeSession(setting, seconds, scope);
  const path = setting.path || scope.location.path || "/";
  const attributes = {
    Path: path,
    HttpOnly: "",
    ...(domain === "" ? {} : { Domain: domain }),
    ...(sameSite === undefined ? {} : { SameSite: sameSite }),
    ...(secure ? { Secure: "" } : {}),
  };
  const cookie = { name, ttl: durationOf(seconds), attributes };
  return {
    ...nothingConverted,
    trafficPolicy: { loadBalancer: { type: "ConsistentHash", consistentHash: { type: "Cookie", cookie } } },
  };
};

function nativeSession({ name, path }: Affinity, seconds: number, scope: ConvertScope): ConvertedPart {
  const lost = ["session-cookie-domain", "session-cookie-samesite", "session-cookie-secure"];
  for (const annotation of lost) {
    if (scope.ingress.metadata.annotations[`${annotationPrefix}${annotation}`] === undefined) continue;
    scope.report("convert-needs-policies", annotation, {
      message: `${annotation} is not converted: sessionPersistence has no such field.`,
      fix: "Use --policies sluice.",
    });
  }
  const cookie = {
    name,
    path: path || scope.location.path || "/",
    lifetimeType: seconds === 0 ? "Session" : "Permanent",
  };
  const lifetime = seconds === 0 ? {} : { absoluteTimeout: durationOf(seconds) };
  return { ...nothingConverted, rule: { sessionPersistence: { type: "Cookie", cookie, ...lifetime } } };
}
