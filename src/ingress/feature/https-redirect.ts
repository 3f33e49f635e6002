import { droppingFlag } from "../accepted-text.ts";
import type { ControllerConfig } from "../controller-config.ts";
import { controllerFlag } from "../controller-flag.ts";
import type { IngressFeature } from "../feature.ts";
import { goInteger } from "../go-value.ts";

export type HttpsRedirect = {
  /** Requests over http are sent to https where there is a certificate for their host. */
  readonly withCertificate: boolean;
  /** They are sent there whether there is one or not. */
  readonly always: boolean;
  /** Status of redirects to https and to a name with or without `www.`. */
  readonly status: 301 | 302 | 307 | 308;
  /** Whether a slash at the end of path and query stays; otherwise one is cut off. */
  readonly keepsSlash: boolean;
  /** Whether Location names the port. */
  readonly tellsPort: boolean;
  /** Whether Location of the redirects that nginx makes by itself (a path that lacks its slash) is a path alone. */
  readonly relative: boolean;
  /** Beginnings of Ingress paths whose requests stay on http. */
  readonly exemptPaths: readonly string[];
};

const statuses: readonly HttpsRedirect["status"][] = [301, 302, 307, 308];

/** `http-redirect-code`: one of those that nginx keeps, or 308. */
export function httpsRedirectStatus(controller: ControllerConfig): HttpsRedirect["status"] {
  const written = goInteger(controller.value("http-redirect-code")?.trim() ?? "");
  return statuses.find((status) => status === written) ?? 308;
}

export const httpsRedirect: IngressFeature<HttpsRedirect> = {
  annotations: [
    {
      name: "ssl-redirect",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Redirects http to https where there is a certificate for the host.",
      otherwise: "true (ConfigMap: ssl-redirect)",
      handling: { kind: "served" },
    },
    {
      name: "force-ssl-redirect",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Redirects http to https, also without a certificate for the host.",
      otherwise: "false (ConfigMap: force-ssl-redirect)",
      handling: { kind: "served" },
    },
    {
      name: "preserve-trailing-slash",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Keeps a slash at the end of the URL when http is redirected to https.",
      otherwise: "false (ConfigMap: preserve-trailing-slash)",
      handling: { kind: "served" },
    },
    {
      name: "use-port-in-redirects",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Names the port in redirects to https.",
      otherwise: "false (ConfigMap: use-port-in-redirects)",
      handling: { kind: "served" },
    },
    {
      name: "relative-redirects",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Makes Location a path alone in the redirects that nginx makes by itself.",
      otherwise: "false (ConfigMap: relative-redirects)",
      handling: { kind: "served" },
    },
  ],
  read: (source) => {
    const { controller } = source;
    const flag = (name: string, otherwise: boolean): boolean =>
      source.flag(name) ?? controllerFlag(controller, name, otherwise);
    return {
      withCertificate: flag("ssl-redirect", true),
      always: flag("force-ssl-redirect", false),
      status: httpsRedirectStatus(controller),
      keepsSlash: flag("preserve-trailing-slash", false),
      tellsPort: flag("use-port-in-redirects", false),
      relative: droppingFlag(source, "relative-redirects") ?? controllerFlag(controller, "relative-redirects", false),
      exemptPaths: (controller.value("no-tls-redirect-locations") ?? "/.well-known/acme-challenge")
        .split(",")
        .map((path) => path.trim())
        .filter((path) => path !== ""),
    };
  },
};
