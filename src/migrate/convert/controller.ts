/** What the controller's ConfigMap says of clients and of all hosts, as fields of ClientTrafficPolicies. */
import { controllerFlag } from "../../ingress/controller-flag.ts";
import type { IngressModel } from "../../ingress/ingress-model.ts";
import { joinFields } from "./convert-feature.ts";
import type { ClientPolicyFields } from "./gateways.ts";
import type { Workspace } from "./workspace.ts";

/** Headers that nginx tells backends beside those that every gateway does. */
const requestHeaders = [
  { name: "X-Real-IP", value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" },
  { name: "X-Forwarded-Scheme", value: "%REQ(:SCHEME)%" },
  { name: "X-Scheme", value: "%REQ(:SCHEME)%" },
] as const;

export function convertController({ controller }: IngressModel, workspace: Workspace): ClientPolicyFields {
  tellOptions({ controller }, workspace);
  const flag = (key: string, otherwise: boolean) => controllerFlag(controller, key, otherwise);
  const underscores = flag("enable-underscores-in-headers", false) ? {} : { withUnderscoresAction: "DropHeader" };
  const everywhere = {
    headers: { ...underscores, earlyRequestHeaders: { set: requestHeaders, remove: ["Proxy"] } },
    ...(flag("use-proxy-protocol", false) ? { proxyProtocol: {} } : {}),
    ...(flag("use-forwarded-headers", false)
      ? {
          clientIPDetection: {
            xForwardedFor: { trustedCIDRs: trustedNetworks(controller.value("proxy-real-ip-cidr")) },
          },
        }
      : {}),
  };
  const tls = tlsFields(controller.value("ssl-protocols"));
  const hsts = flag("hsts", true)
    ? { headers: { lateResponseHeaders: { set: [{ name: "Strict-Transport-Security", value: hstsValue() }] } } }
    : {};
  return { everywhere, https: joinFields(tls, hsts) };

  function hstsValue(): string {
    const age = controller.value("hsts-max-age") ?? "31536000";
    const domains = flag("hsts-include-subdomains", true) ? "; includeSubDomains" : "";
    return `max-age=${age}${domains}${flag("hsts-preload", false) ? "; preload" : ""}`;
  }
}

function trustedNetworks(list: string | undefined): readonly string[] {
  const networks = (list ?? "0.0.0.0/0")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  return networks.includes("0.0.0.0/0") ? ["0.0.0.0/0", "::/0"] : networks;
}

function tlsFields(protocols: string | undefined) {
  const words = protocols?.split(/\s+/) ?? [];
  if (!words.includes("TLSv1.3") && words.includes("TLSv1.2")) return { tls: { maxVersion: "1.2" } };
  return words.includes("TLSv1.3") && !words.includes("TLSv1.2") ? { tls: { minVersion: "1.3" } } : {};
}

/** Keys that are read here, or by the settings of Ingresses as what holds without an annotation. */
const converted = new Set([
  "add-headers",
  "enable-underscores-in-headers",
  "use-proxy-protocol",
  "use-forwarded-headers",
  "proxy-real-ip-cidr",
  "ssl-protocols",
  "hsts",
  "hsts-max-age",
  "hsts-include-subdomains",
  "hsts-preload",
  "ssl-redirect",
  "force-ssl-redirect",
  "preserve-trailing-slash",
  "http-redirect-code",
  "no-tls-redirect-locations",
  "proxy-body-size",
  "proxy-connect-timeout",
  "proxy-read-timeout",
  "proxy-send-timeout",
  "proxy-next-upstream",
  "proxy-next-upstream-tries",
  "proxy-next-upstream-timeout",
  "retry-non-idempotent",
  "load-balance",
  "service-upstream",
  "whitelist-source-range",
  "denylist-source-range",
  "limit-req-status-code",
  "limit-conn-status-code",
  "limit-rate",
  "limit-rate-after",
  "disable-proxy-intercept-errors",
  "proxy-cookie-domain",
  "proxy-cookie-path",
  "proxy-redirect-from",
  "proxy-redirect-to",
  "global-allowed-response-headers",
  "allow-cross-namespace-resources",
  "allow-snippet-annotations",
  "annotations-risk-level",
  "strict-validate-path-type",
  "global-auth-url",
  "global-auth-signin",
  "global-auth-signin-redirect-param",
  "global-auth-method",
  "global-auth-response-headers",
  "global-auth-request-redirect",
  "global-auth-cache-key",
  "global-auth-cache-duration",
  "global-auth-always-set-cookie",
]);

/** Every key that is written and not converted. */
function tellOptions({ controller }: Pick<IngressModel, "controller">, workspace: Workspace): void {
  const { configMap } = controller;
  if (configMap === undefined) return;
  for (const [key, value] of Object.entries(configMap.data).sort()) {
    if (converted.has(key)) continue;
    workspace.report(
      "convert-controller-option",
      { resource: configMap, pointer: `/data/${key.replaceAll("~", "~0").replaceAll("/", "~1")}` },
      {
        message: `${key} (${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}) of the controller's ConfigMap is not converted.`,
        fix: "Look up in docs/migration what it does, and whether anything is to take its place.",
      },
    );
  }
}
