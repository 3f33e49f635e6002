import type { Affinity } from "../../../ingress/feature/affinity.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";
import { durationOf } from "../duration.ts";

/** With policies, a cookie by whose value endpoints are chosen; without, the sessions of the Gateway API, whose cookies have no attributes. */
export const convertAffinity: ConvertFeature<Affinity | undefined> = (setting, scope) => {
  if (setting === undefined) return nothingConverted;
  const { name, maxAgeSeconds, expiresSeconds, domain, sameSite, secure, changeOnFailure, mode } = setting;
  const seconds = Math.max(0, maxAgeSeconds ?? expiresSeconds ?? 0);
  if (mode === "persistent" || changeOnFailure) {
    scope.report("convert-differs", mode === "persistent" ? "affinity-mode" : "session-cookie-change-on-failure", {
      message:
        "The endpoint follows from the cookie's value: few clients move when endpoints come or go, and a client whose endpoint fails goes to another.",
      fix: "Nothing, unless the backends cannot take sessions of others.",
    });
  }
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

function nativeSession({ name }: Affinity, seconds: number, scope: Parameters<ConvertFeature<Affinity>>[1]) {
  const lost = ["session-cookie-path", "session-cookie-domain", "session-cookie-samesite", "session-cookie-secure"];
  for (const annotation of lost) {
    if (scope.ingress.metadata.annotations[`nginx.ingress.kubernetes.io/${annotation}`] === undefined) continue;
    scope.report("convert-lost", annotation, {
      message: `${annotation} is not converted: sessionPersistence has no such field.`,
      fix: "Use --policies sluice.",
    });
  }
  const lifetime =
    seconds === 0 ? {} : { absoluteTimeout: durationOf(seconds), cookieConfig: { lifetimeType: "Permanent" } };
  return { ...nothingConverted, rule: { sessionPersistence: { sessionName: name, type: "Cookie", ...lifetime } } };
}
