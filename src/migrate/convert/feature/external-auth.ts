import type { ExternalAuth } from "../../../ingress/feature/external-auth.ts";
import { needsNoAuth } from "../../../ingress/needs-no-auth.ts";
import type { JsonObject } from "../../../resource/json.ts";
import { type ConvertFeature, type ConvertScope, nothingConverted } from "../convert-feature.ts";
import { durationOf } from "../duration.ts";
import { policyGroup } from "../options.ts";
import { urlTarget } from "../url-backend.ts";

/** What the service is told of requests: ingress-nginx passes all headers on, a policy those of a list. */
const told = ["accept", "authorization", "content-type", "cookie", "user-agent", "x-requested-with", "x-api-key"];

export const convertExternalAuth: ConvertFeature<ExternalAuth | undefined> = (setting, scope) => {
  if (setting === undefined || needsNoAuth(scope.controller, scope.location.path)) return nothingConverted;
  const annotation = setting.global ? "enable-global-auth" : "auth-url";
  const from = { group: policyGroup[scope.policies], kind: "SecurityPolicy" };
  const target = urlTarget(setting.url, annotation, from, scope);
  if (target === undefined || target.path.includes("$")) {
    scope.deny("convert-refused", annotation, {
      message: `${setting.url} cannot be converted: who answers there is not known before a request comes.`,
      fix: "Name the Service that is to be asked, such as http://oauth2-proxy.auth.svc.cluster.local:4180/oauth2/auth.",
    });
    return nothingConverted;
  }
  tellLosses(setting, target.query, scope);
  const query = target.query === "" || target.query.includes("$") ? "" : `?${target.query}`;
  return {
    ...nothingConverted,
    securityPolicy: {
      extAuth: {
        headersToExtAuth: told,
        statusOnError: 500,
        http: {
          backendRefs: [target.backendRef],
          pathOverride: `${target.path}${query}`,
          ...(setting.responseHeaders.length === 0 ? {} : { headersToBackend: setting.responseHeaders }),
          headersToClient: ["set-cookie"],
          ...signInFields(setting, scope),
          ...cacheFields(setting, scope),
        },
      },
    },
  };
};

function tellLosses({ method, requestRedirect, headers }: ExternalAuth, query: string, scope: ConvertScope): void {
  const lost: readonly (readonly [boolean, string, string])[] = [
    [method !== undefined && method !== "GET", "auth-method", `the service is asked by GET, not ${method}`],
    [requestRedirect !== undefined, "auth-request-redirect", "the service is told the request's own address"],
    [
      headers.length > 0,
      "auth-proxy-set-headers",
      `the service is not told ${headers.map(({ name }) => name).join(", ")}`,
    ],
    [query.includes("$"), "auth-url", `its query ${query} is left out, because it has a variable in it`],
  ];
  for (const [holds, annotation, message] of lost) {
    if (!holds) continue;
    scope.report("convert-lost", annotation, {
      message: `${annotation} is not converted: ${message}.`,
      fix: "Let the service do without; it is told X-Original-URL and X-Original-Method of every request.",
    });
  }
  scope.report("convert-differs", "auth-url", {
    message: `The service is told ${told.join(", ")}; ingress-nginx passes all headers of a request on.`,
    fix: "Add to headersToExtAuth what the service looks at.",
  });
}

/** A parameter that holds the address which was asked for is added by the policy itself. */
const returns =
  /^([A-Za-z0-9_.-]+)=(?:https?:\/\/\$(?:http_)?host|\$scheme:\/\/\$(?:http_)?host)?\$(?:escaped_)?request_uri$/;

function signInFields({ signIn }: ExternalAuth, scope: ConvertScope): JsonObject {
  if (signIn === undefined) return {};
  const [base = "", query = ""] = signIn.url.split("?", 2);
  const address = base.replace(/^(?:https?|\$scheme):\/\/\$\{?(?:http_)?host\}?/, "");
  const parameters = query.split("&").filter((part) => part !== "");
  const parameter =
    parameters.map((part) => returns.exec(part)?.[1]).find((name) => name !== undefined) ?? signIn.parameter;
  const kept = parameters.filter((part) => !returns.test(part));
  const signInURL = `${address === "" ? "/" : address}${kept.length === 0 ? "" : `?${kept.join("&")}`}`;
  if (signInURL.includes("$")) {
    scope.report("convert-lost", "auth-signin", {
      message: `auth-signin ${signIn.url} is not converted, because it has a variable in it: clients get 401.`,
      fix: "Write signInURL of the policy by hand.",
    });
    return {};
  }
  return { signInURL, ...(parameter === "rd" ? {} : { signInParameter: parameter }) };
}

/** Permissions are remembered by what the service is told; refusals never are. */
function cacheFields({ cache }: ExternalAuth, scope: ConvertScope): JsonObject {
  const permission = cache?.rows.find(({ statuses }) => statuses.includes(200));
  if (cache === undefined || permission === undefined) return {};
  const seconds = Math.min(3600, Math.floor(permission.ttlMs / 1000));
  scope.report("convert-differs", "auth-cache-key", {
    message: `auth-cache-key ${cache.key}: permissions are remembered for ${seconds} s by host and all headers that the service is told, refusals never.`,
    fix: "Nothing, unless the service is too slow for that.",
  });
  return seconds === 0 ? {} : { cache: { ttl: durationOf(seconds), by: "Credentials" } };
}
