import type { Cors } from "../../../ingress/feature/cors.ts";
import { type ConvertFeature, type ConvertScope, nothingConverted } from "../convert-feature.ts";
import { durationOf } from "../duration.ts";

/**
 * The filter of the Gateway API. Where clients have to show who they are, the policy that asks them says it instead: it answers preflights
 * before it asks, as ingress-nginx does.
 */
export const convertCors: ConvertFeature<Cors | undefined> = (setting, scope) => {
  if (setting === undefined) return nothingConverted;
  const allowOrigins = setting.allowOrigins.filter((origin) => origin === "*" || /^https?:\/\//.test(origin));
  if (allowOrigins.length < setting.allowOrigins.length) {
    scope.report("convert-differs", "cors-allow-origin", {
      message: `Of cors-allow-origin, ${setting.allowOrigins.filter((origin) => !allowOrigins.includes(origin)).join(", ")} is left out: origins are of http or https.`,
      fix: "Nothing, unless an application with a scheme of its own asks.",
    });
  }
  const fields = {
    allowOrigins,
    allowCredentials: setting.allowCredentials,
    allowMethods: wordsOf(setting.allowMethods),
    allowHeaders: wordsOf(setting.allowHeaders),
    ...(setting.exposeHeaders === "" ? {} : { exposeHeaders: wordsOf(setting.exposeHeaders) }),
  };
  scope.report("convert-differs", "enable-cors", {
    message:
      "Preflights of allowed origins get 200, and headers of CORS are on answers to other origins alone; ingress-nginx answers every OPTIONS with 204, and puts the headers on every answer.",
    fix: "Nothing: browsers take both.",
  });
  if (asksWho(scope)) {
    return { ...nothingConverted, securityPolicy: { cors: { ...fields, maxAge: durationOf(setting.maxAgeSeconds) } } };
  }
  return { ...nothingConverted, filters: [{ type: "CORS", cors: { ...fields, maxAge: setting.maxAgeSeconds } }] };
};

function wordsOf(list: string): readonly string[] {
  return list.split(/[,\s]+/).filter((word) => word !== "");
}

function asksWho({ policies, location }: ConvertScope): boolean {
  const { basicAuth, externalAuth, addressLists } = location.settings;
  const asked =
    basicAuth !== undefined ||
    externalAuth !== undefined ||
    addressLists.allow !== undefined ||
    addressLists.deny.length > 0;
  return asked && policies !== "none";
}
